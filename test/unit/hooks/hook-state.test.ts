import {mkdir, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {readHookState} from '../../../src/lib/hooks/hook-state.js'
import {tempDir} from '../../support/temp-dir.js'

const entry = (command: string) => ({hooks: [{type: 'command', command}]})
const wanted = {
  hooks: [
    {event: 'SessionStart', entry: entry('agnes pull --quiet || true')},
    {event: 'SessionEnd', entry: entry('agnes push --quiet || true')},
  ],
}
const right = {
  hooks: Object.fromEntries(wanted.hooks.map(({event, entry}) => [event, [entry]])),
}

/** Settings by place: `ws/…`, `claude/…`, `managed/…`. */
async function stateOf(settings: Record<string, unknown>) {
  const home = await tempDir()
  for (const [path, value] of Object.entries(settings)) {
    await mkdir(dirname(join(home, path)), {recursive: true})
    await writeFile(join(home, path), typeof value === 'string' ? value : JSON.stringify(value))
  }
  const files = (name: string) => new NodeFiles(join(home, name), systemRandom)
  const places = {workspace: files('ws'), claude: files('claude'), managed: files('managed')}
  return readHookState(places, wanted)
}

const PROJECT = 'ws/.claude/settings.json'
const LOCAL = 'ws/.claude/settings.local.json'
const USER = 'claude/settings.json'
const MANAGED = 'managed/managed-settings.json'
const off = {disableAllHooks: true}

describe('readHookState', () => {
  it.each([
    ['active', {[PROJECT]: right}],
    ['absent', {}],
    ['absent', {[PROJECT]: {hooks: {SessionStart: [wanted.hooks[0]!.entry]}}}],
    ['altered', {[PROJECT]: {hooks: {...right.hooks, SessionEnd: [entry('agnes push')]}}}],
    [
      'altered',
      {[PROJECT]: {hooks: {...right.hooks, SessionStart: [entry('agnes pull --quiet | tee log')]}}},
    ],
    ['unreadable', {[PROJECT]: '{"hooks": '}],
    ['disabled', {[PROJECT]: {...right, ...off}}],
    ['disabled', {[PROJECT]: right, [LOCAL]: off}],
    ['disabled', {[PROJECT]: right, [USER]: off}],
    ['active', {[PROJECT]: right, [USER]: off, [LOCAL]: {disableAllHooks: false}}],
    ['disabled', {[PROJECT]: right, [MANAGED]: off}],
    ['disabled', {[PROJECT]: right, [MANAGED]: {allowManagedHooksOnly: true}}],
    ['disabled', {[PROJECT]: right, 'managed/managed-settings.d/10-hooks.json': off}],
    ['active', {[PROJECT]: right, [MANAGED]: 'not JSON', [USER]: 'not JSON'}],
  ])('is %s for %j', async (state, settings) => {
    const found = await stateOf(settings)
    expect(found.state).toBe(state)
    expect(found.reason === null).toBe(state === 'active')
    expect(found.disabledBy === null).toBe(state !== 'disabled')
  })

  it('names the setting and the file that disable hooks', async () => {
    const {reason, disabledBy} = await stateOf({[PROJECT]: right, [USER]: off})
    expect(reason).toContain('"disableAllHooks"')
    expect(reason).toContain(disabledBy)
    expect(disabledBy).toMatch(/claude[\\/]settings\.json$/)
  })
})
