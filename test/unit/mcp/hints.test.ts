import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {UsageError} from '../../../src/lib/errors.js'
import {ASK, hintFor} from '../../../src/lib/mcp/hint-for.js'
import {MODES, type Mode} from '../../../src/lib/mcp/policy.js'
import {listTools} from '../../../src/lib/mcp/list-tools.js'
import {HINTS, toolError} from '../../../src/lib/mcp/tool-error.js'
import {repositoryRoot} from '../../support/run-cli.js'

/** Every text in the source that tells somebody to run a command, wherever it may come up. */
const TEXTS = readdirSync(join(repositoryRoot, 'src'), {recursive: true, encoding: 'utf8'})
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => {
    const text = readFileSync(join(repositoryRoot, 'src', name), 'utf8')
    const spans = text.matchAll(
      /hint(?:\b[^'"`\n]{0,80}|:\s*)(['"`])((?:(?!\1)[\s\S])*?agnes [\s\S]*?)\1/g,
    )
    return [...spans].map((span) => ({name, hint: span[2]!}))
  })
  .filter(({hint}) => hint.length < 600)

const names = (mode: Mode) => listTools(mode).map(({name}) => name as string)

describe.each(MODES)('hints in mode %s', (mode) => {
  it('of the command line name tools of the mode first, or the person', () => {
    expect(TEXTS.length).toBeGreaterThan(30)
    for (const {name, hint} of TEXTS) {
      const told = hintFor(hint, mode)
      if (!/\bagnes [a-z]/.test(hint)) continue
      if (told.startsWith(ASK)) continue
      const called = /^Call ([a-z_]+(?: or [a-z_]+)*)\. /.exec(told)?.[1]?.split(' or ')
      expect(called, `${name}: ${told}`).toBeDefined()
      expect(names(mode), `${name}: ${told}`).toEqual(expect.arrayContaining(called!))
    }
  })

  it.each(Object.keys(HINTS))('of the code %s name no tool that only another mode has', (code) => {
    const error = new UsageError('It is so.', {code, hint: 'Run: agnes init'})
    const {hint} = JSON.parse(
      toolError(error, {mode, maxChars: 10_000, forms: []}).content[0]!.text,
    ).error as {hint: string}
    const others = names('admin').filter(
      (name) => name.includes('_') && !names(mode).includes(name),
    )
    const isOfMode = !code.startsWith('snapshot_') || mode !== 'read'
    if (isOfMode) for (const other of others) expect(hint).not.toContain(other)
  })
})

it.each([
  ['Fetch it: agnes pull --table orders', 'read', ASK],
  ['Fetch it: agnes pull --table orders', 'snapshot', 'Call pull. '],
  ['Ask the server: agnes query --remote "SELECT ..."', 'read', 'Call estimate. '],
  ['See what is here: agnes snapshot list', 'read', 'Call snapshot_list. '],
  ['Ask for it: agnes admin grant x y', 'snapshot', ASK],
  ['Name fewer columns.', 'read', 'Name fewer columns.'],
] as const)('turns %j in mode %s', (hint, mode, begins) => {
  expect(hintFor(hint, mode).startsWith(begins)).toBe(true)
})
