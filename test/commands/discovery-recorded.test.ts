import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {noon, renderings, replayDiscovery} from '../support/discovery-server.js'
import {queryWorkspace} from '../support/query-workspace.js'
import {recorded, recordedVersions} from '../support/recorded.js'
import {DISCOVERY_CASES} from '../support/recorded-cases.js'
import {repositoryRoot} from '../support/run-cli.js'

describe.each(recordedVersions)('with the answers of a server %s', (version) => {
  it.each(Object.entries(DISCOVERY_CASES))('prints %s as before', async (name, one) => {
    const {argv, labels} = one
    const server = await replayDiscovery(version, one)
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
    for (const {label, request} of recorded(version))
      if (labels.includes(label))
        expect(server.requestsTo(new URL(request.path, server.origin).pathname)).not.toEqual([])
    await expect(printed).toMatchFileSnapshot(
      join(repositoryRoot, 'test/fixtures/golden/discovery', version, `${name}.txt`),
    )
  })
})
