import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {noon, renderings, replayDiscovery} from '../support/discovery-server.js'
import {queryWorkspace} from '../support/query-workspace.js'
import {recordedVersions} from '../support/recorded.js'
import {repositoryRoot} from '../support/run-cli.js'

/** Every recorded exchange of the discovery endpoints, by the command that makes it. */
const COMMANDS: Record<string, {argv: string[]; person?: string}> = {
  'catalog-analyst': {argv: ['catalog']},
  'catalog-admin': {argv: ['catalog'], person: 'admin'},
  'catalog-search': {argv: ['catalog', '--search', 'WEATHER', '--mode', 'local']},
  'schema-movies': {argv: ['schema', 'movies']},
  'schema-types-zoo': {argv: ['schema', 'types_zoo']},
  'schema-weather': {argv: ['schema', 'weather']},
  'schema-not-granted': {argv: ['schema', 'flights']},
  'schema-unknown': {argv: ['schema', 'no_such']},
  'schema-remote': {argv: ['schema', 'web_sessions']},
  'describe-weather': {argv: ['describe', 'weather', '-n', '3']},
  'describe-pulled': {argv: ['describe', '-n', '2', 'gapminder']},
  'sample-weather': {argv: ['sample', 'weather', '-n', '3']},
  'sample-types-zoo': {argv: ['sample', 'types_zoo', '-n', '2']},
  'explore-weather': {argv: ['explore', 'weather']},
  'metrics-list': {argv: ['catalog', '--metrics']},
  'metrics-show': {argv: ['catalog', '--show', 'revenue/mrr']},
  'metrics-unknown': {argv: ['catalog', '--metrics', '--show', 'revenue/nope']},
}

describe.each(recordedVersions)('with the answers of a server %s', (version) => {
  it.each(Object.entries(COMMANDS))('prints %s as before', async (name, {argv, person}) => {
    const server = await replayDiscovery(version, person)
    const workspace = await queryWorkspace({
      tables: {gapminder: "SELECT 'Czechia' AS country, 79.1 AS life_expect FROM range(3)"},
      state: {server: server.origin},
    })
    const env = {HOME: workspace.home, ...server.env}
    const run = (words: string[], options: object) =>
      workspace.run(words, {env, clock: noon(), ...options})
    const printed = await renderings(argv, run, {
      [server.origin]: 'http://agnes.test',
      [workspace.root]: '/ws',
    })
    await expect(printed).toMatchFileSnapshot(
      join(repositoryRoot, 'test/fixtures/golden/discovery', version, `${name}.txt`),
    )
  })
})
