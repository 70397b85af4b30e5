import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {
  ACCESS_CASE_LABELS,
  CALLED,
  isOfAdministration,
  NO_VERB,
  NOT_CALLED,
} from '../support/recorded-administration.js'
import {ADMIN_CASES} from '../support/recorded-admin-cases.js'
import {AUTH_CASES} from '../support/recorded-auth-cases.js'
import {recorded, recordedVersions} from '../support/recorded.js'
import {repositoryRoot} from '../support/run-cli.js'

/** By hand, so that an exchange cannot leave the recordings, or the rule above, unseen. */
const COUNTS = {
  'v0.48.0': {recorded: 50, replayed: 49, withoutVerb: 1},
  'v0.84.8': {recorded: 58, replayed: 51, withoutVerb: 7},
}

const replayed = new Set([
  ...Object.values(ADMIN_CASES).map(({label}) => label),
  ...Object.values(AUTH_CASES).flatMap(({labels}) => labels),
  ...ACCESS_CASE_LABELS,
])

describe.each(recordedVersions)('the recorded exchanges of sign-in and administration, %s', (v) => {
  const labels = recorded(v)
    .filter(isOfAdministration)
    .map(({label}) => label)

  it('are each replayed through a command, or no verb makes them', () => {
    expect(labels.filter((label) => !replayed.has(label) && !(label in NO_VERB))).toEqual([])
    expect({
      recorded: labels.length,
      replayed: labels.filter((label) => replayed.has(label)).length,
      withoutVerb: labels.filter((label) => label in NO_VERB).length,
    }).toEqual(COUNTS[v])
  })
})

it('has no case and no reason for what was never recorded', () => {
  const all = new Set(recordedVersions.flatMap((v) => recorded(v).map(({label}) => label)))
  const named = [...replayed, ...Object.keys(NO_VERB)]
  expect(named.filter((label) => !all.has(label))).toEqual([])
})

describe('the endpoints of sign-in and administration', () => {
  const sources = sourcesOf('src/lib')

  it.each(Object.entries(CALLED))('%s is asked by %s', (endpoint, file) => {
    const [, path = ''] = endpoint.split(' ')
    const [fixed = ''] = path.split('{')
    expect(sources.get(file)).toContain(fixed.replace(/\/$/, ''))
  })

  it.each(Object.keys(NOT_CALLED))('%s is asked by nothing', (endpoint) => {
    const [method, path = ''] = endpoint.split(' ')
    const literal = path.replace(/\{\w+\}/g, '\\$\\{[^}]+\\}')
    const wanted = new RegExp(`'${method}',\\s*['\`]${literal}['\`?]`)
    expect([...sources].filter(([, text]) => wanted.test(text)).map(([file]) => file)).toEqual([])
  })
})

function sourcesOf(folder: string): Map<string, string> {
  const root = join(repositoryRoot, folder)
  const files = readdirSync(root, {recursive: true}).map(String)
  return new Map(
    files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  )
}
