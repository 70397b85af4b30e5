import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {installClaudeCode, type ClaudeCode} from '../support/claude-code.js'
import {claudeDesk} from '../support/claude-desk.js'

let client: ClaudeCode
beforeAll(async () => {
  client = await installClaudeCode()
}, 300_000)
afterAll(() => client?.remove())

// Run once: a stand-in for the client is driven by the same commands on every Node.
it(
  'the real Claude Code gets, updates and loses the plugins the server offers',
  {timeout: 300_000},
  async () => {
    const place = await claudeDesk(client)
    const {state} = place.server
    const offer = async (name: string, version: string, text: string) => {
      const root = `marketplace/core/${name}`
      const manifest = {name, version, description: `About ${name}`}
      await place.write(`${root}/.claude-plugin/plugin.json`, JSON.stringify(manifest))
      await place.write(`${root}/commands/hello.md`, text)
    }
    for (const name of ['alpha', 'beta']) {
      await offer(name, '1.0.0', `Say the word of ${name} one.\n`)
      const row = {
        id: name,
        groupId: 'analysts',
        resourceType: 'marketplace_plugin',
        resourceId: `core/${name}`,
        assignedAt: '2026-01-31T12:00:00.000000',
        assignedBy: 'test',
      }
      await state.update(() => ({changes: [{put: 'grants', row}], result: undefined}))
    }
    const did = async (...flags: string[]) =>
      (await place.json('marketplace', 'refresh', ...flags)).plugins.map(
        ({action, name, state: end}: {action: string; name: string; state: string}) =>
          `${action} ${name} ${end}`,
      )
    expect(await did('--check')).toEqual(['install alpha planned', 'install beta planned'])
    expect(await did()).toEqual(['install alpha done', 'install beta done'])
    expect(await did('--check')).toEqual([])
    await place.ask('/alpha:hello')
    expect(place.api.turns.at(-1)!.text).toContain('Say the word of alpha one.')

    await offer('alpha', '1.1.0', 'Say the word of alpha two.\n')
    await state.update(() => ({changes: [{drop: 'grants', key: ['beta']}], result: undefined}))
    expect(await did('--git')).toEqual(['update alpha done', 'remove beta done'])
    await place.ask('/alpha:hello')
    expect(place.api.turns.at(-1)!.text).toContain('Say the word of alpha two.')

    await state.update(() => ({changes: [{drop: 'grants', key: ['alpha']}], result: undefined}))
    const last = await place.json('marketplace', 'refresh')
    expect(last).toMatchObject({offered: [], plugins: [], kept: ['alpha']})
    const settings = await readFile(join(place.workspace, '.claude/settings.json'), 'utf8')
    expect(JSON.parse(settings).enabledPlugins).toEqual({'alpha@agnes': true})
  },
)
