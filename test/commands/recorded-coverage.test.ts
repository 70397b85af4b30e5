import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {recorded, recordedVersions} from '../support/recorded.js'
import {
  DISCOVERY_CASES,
  goldenFile,
  isOfTheseEndpoints,
  isQuery,
  isScan,
  NOT_SENT,
} from '../support/recorded-cases.js'
import {repositoryRoot} from '../support/run-cli.js'

describe.each(recordedVersions)('the recorded exchanges of %s', (version) => {
  const exchanges = recorded(version).filter(isOfTheseEndpoints)
  const golden = (path: string) =>
    readFileSync(join(repositoryRoot, 'test/fixtures/golden', path), 'utf8')

  /** The golden files that show an exchange. */
  function shownIn(exchange: (typeof exchanges)[number]): string[] {
    const {label} = exchange
    if (isScan(exchange)) return [`snapshot/${version}/${goldenFile(label)}`]
    if (isQuery(exchange)) return [`query-remote/${version}/${goldenFile(label)}`]
    return Object.entries(DISCOVERY_CASES)
      .filter(([, {labels}]) => labels.includes(label))
      .map(([name]) => `discovery/${version}/${name}.txt`)
  }

  it('are each replayed through a command, or no command sends them', () => {
    const left = exchanges.filter(
      (exchange) => !(exchange.label in NOT_SENT) && shownIn(exchange).length === 0,
    )
    expect(left.map(({label}) => label)).toEqual([])
  })

  it.each(exchanges.flatMap((exchange) => shownIn(exchange).map((path) => [path])))(
    'are shown on a terminal, in a pipe and as JSON: %s',
    (path) => {
      const text = golden(path)
      for (const how of [/^--- terminal/m, /^--- pipe/m, /^--- (--)?json/m])
        expect(text).toMatch(how)
    },
  )

  it('have no label that is listed and was never recorded', () => {
    const labels = new Set(exchanges.map(({label}) => label))
    const listed = [
      ...Object.keys(NOT_SENT),
      ...Object.values(DISCOVERY_CASES).flatMap((one) => one.labels),
    ]
    expect(listed.filter((label) => !labels.has(label))).toEqual([])
  })
})
