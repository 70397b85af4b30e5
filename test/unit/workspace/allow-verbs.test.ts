import {describe, expect, it} from 'vitest'
import {withVerbs} from '../../../src/lib/workspace/allow-verbs.js'

const rules = (text: string | undefined): string[] => JSON.parse(text ?? '{}').permissions.allow

describe('the verbs an agent may run unasked', () => {
  it('are ours alone, and none that changes rights, sign-in, privacy or code', () => {
    const all = rules(withVerbs('{}\n'))
    for (const rule of all) expect(rule).toMatch(/^Bash\(agnes [a-z][a-z -]*:\*\)$/)
    for (const verb of [
      'admin',
      'auth',
      'init',
      'push',
      'session',
      'marketplace',
      'serve',
      'hooks',
    ])
      expect(all.filter((rule) => rule.startsWith(`Bash(agnes ${verb}`))).toEqual([])
    expect(all).not.toContain('Bash(agnes:*)')
  })

  it('ask all the same before a file is written wherever it is told to', () => {
    const {ask} = JSON.parse(withVerbs('{}\n')!).permissions
    expect(ask).toEqual(['Bash(agnes query * --out*)', 'Bash(agnes query --out*)'])
    expect(withVerbs('{"permissions": {"ask": "x"}}')).toBeUndefined()
  })

  it('are added to what is there, once, in the manner of the file', () => {
    const mine =
      '{\n    "permissions": {\n        "deny": ["Bash(rm:*)"],\n        "allow": ["Read"]\n    },\n    "model": "x"\n}\n'
    const once = withVerbs(mine)!
    expect(rules(once)[0]).toBe('Read')
    expect(once).toContain('"deny": ["Bash(rm:*)"]')
    expect(Object.keys(JSON.parse(once))).toEqual(['permissions', 'model'])
    expect(withVerbs(once)).toBe(once)
  })

  it.each(['', 'not json', '[]', '{"permissions": []}', '{"permissions": {"allow": "all"}}'])(
    'are not put into %j',
    (text) => expect(withVerbs(text)).toBeUndefined(),
  )
})
