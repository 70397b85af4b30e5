import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {isAllowed, MODES, POLICY} from '../../src/lib/mcp/policy.js'
import {failureOf, greet, startMcp} from '../support/mcp-client.js'
import {mcpDesk, NAMES, USES, type McpDesk} from '../support/mcp-tools.js'

let desk: McpDesk
beforeAll(async () => {
  desk = await mcpDesk()
}, 120_000)
afterAll(() => desk?.close())

describe.each(MODES)('a scripted client in mode %s', (mode) => {
  it('drives every tool of the mode, and is told of every other one', async () => {
    expect(NAMES.toSorted()).toEqual(Object.keys(POLICY).sort())
    const mcp = startMcp(['--mode', mode, '--workspace', desk.workspace], desk.envOf(mode))
    await greet(mcp)
    const {tools} = (await mcp.request('tools/list')).result
    expect(JSON.stringify(tools).length / 3).toBeLessThan(4_000)
    const outcomes: Record<string, string> = {}
    for (const name of NAMES) {
      const {input, proof} = USES[name]
      if (!isAllowed(name, mode)) {
        expect(failureOf(await mcp.call(name, {})).code, name).toBe('tool_not_in_mode')
        continue
      }
      const result = await mcp.call(name, await input(mcp, desk.group))
      expect(result.content[0].text, name).toContain(proof)
      const {outputSchema} = tools.find((tool: {name: string}) => tool.name === name)
      for (const field of outputSchema.required)
        expect(Object.keys(result.structuredContent), name).toContain(field)
      outcomes[name] = 'answered'
    }
    expect(Object.keys(outcomes).sort()).toEqual(
      tools.map(({name}: {name: string}) => name).toSorted(),
    )
    expect(mcp.stderr()).toBe('')
  }, 120_000)
})
