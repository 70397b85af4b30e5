import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {planPlugins} from '../../../src/lib/marketplace/plan-plugins.js'
import {readOffer} from '../../../src/lib/marketplace/read-offer.js'

const offered = (name: string, version: string) => ({name, version, description: '', folder: name})
const installed = (name: string, version: string) => ({name, version, isEnabled: true})

describe('planPlugins', () => {
  it('installs, updates and removes by name', () => {
    const offer = {plugins: [offered('a', '1'), offered('b', '2'), offered('c', '3')], refused: []}
    const have = [installed('b', '1'), installed('c', '3'), installed('d', '4')]
    expect(planPlugins(offer, have)).toEqual({
      actions: [
        {action: 'install', name: 'a', from: null, to: '1'},
        {action: 'update', name: 'b', from: '1', to: '2'},
        {action: 'remove', name: 'd', from: '4', to: null},
      ],
      kept: [],
    })
  })

  it('removes nothing when nothing is offered, and nothing the server still lists', () => {
    const have = [installed('a', '1')]
    expect(planPlugins({plugins: [], refused: []}, have)).toEqual({actions: [], kept: ['a']})
    const unusable = {plugins: [offered('b', '1')], refused: [{name: 'a', reason: 'it is broken'}]}
    expect(planPlugins(unusable, have).actions).toEqual([
      {action: 'install', name: 'b', from: null, to: '1'},
    ])
  })

  it('leaves nothing to do once it is carried out', () => {
    const version = fc.constantFrom('1', '2')
    const names = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), version)
    fc.assert(
      fc.property(names, names, (wanted, have) => {
        const offer = {plugins: Object.entries(wanted).map(([n, v]) => offered(n, v)), refused: []}
        const after = new Map<string, string>(Object.entries(have))
        for (const {action, name, to} of planPlugins(
          offer,
          Object.entries(have).map(([n, v]) => installed(n, v)),
        ).actions)
          if (action === 'remove') after.delete(name)
          else after.set(name, to ?? '')
        const now = [...after].map(([n, v]) => installed(n, v))
        expect(planPlugins(offer, now).actions).toEqual([])
      }),
    )
  })
})

describe('readOffer', () => {
  const files = (plugins: unknown) =>
    new Map([
      ['.claude-plugin/marketplace.json', Buffer.from(JSON.stringify({name: 'agnes', plugins}))],
      ['plugins/a/x.md', Buffer.from('x')],
    ])
  const entry = {name: 'a', version: '1.0.0', source: './plugins/a'}

  it('takes a plugin whose files are there', () => {
    expect(readOffer(files([entry]))).toEqual({
      plugins: [{name: 'a', version: '1.0.0', description: '', folder: 'plugins/a'}],
      refused: [],
    })
  })

  it.each([
    ['no name', {...entry, name: undefined}],
    ['a name that is a flag', {...entry, name: '--scope'}],
    ['a name that is a path', {...entry, name: '../a'}],
    ['no version', {...entry, version: undefined}],
    ['a version that is no word', {...entry, version: '1; rm'}],
    ['a source that leaves the archive', {...entry, source: './../../etc'}],
    ['an absolute source', {...entry, source: '/etc'}],
    ['a source elsewhere', {...entry, source: {source: 'github', repo: 'x/y'}}],
    ['a folder that is empty', {...entry, source: './plugins/b'}],
  ])('refuses one with %s, and takes the others', (_name, bad) => {
    const {plugins, refused} = readOffer(files([bad, {...entry, name: 'good'}]))
    expect([plugins.map(({name}) => name), refused.length]).toEqual([['good'], 1])
  })

  it.each([
    ['no manifest', new Map()],
    ['a manifest that is none', files('none')],
  ])('refuses %s', (_name, given) => {
    expect(() => readOffer(given as Map<string, Buffer>)).toThrow(/manifest/)
  })
})
