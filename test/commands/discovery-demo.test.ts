import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

describe('discovery against the demo company', () => {
  it('knows a remote table before anything is pulled', async () => {
    const server = await startEmbeddedServer({demo: {scale: 0.01}})
    const home = await tempDir()
    const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.analystToken}
    const run = (argv: string[]) => runCli([...argv, '--json'], {env, currentDir: home})
    const catalog = (await run(['catalog', '--mode', 'remote'])).json
    expect(catalog.tables.length).toBeGreaterThan(0)
    const {id, name} = catalog.tables[0]
    expect(catalog.tables[0].commands[0]).toBe(`agnes snapshot create ${id} --estimate`)
    const {json: described} = await run(['describe', name, '-n', '3'])
    expect(described.columns.length).toBeGreaterThan(1)
    expect(described.sample).toMatchObject({from: 'server'})
    expect(described.sample.rows.length).toBe(3)
    expect((await run(['explore', name])).json.basis).toMatchObject({kind: 'sample', rows: 100})
    const {json: metrics} = await run(['catalog', '--metrics'])
    for (const metric of metrics.metrics)
      expect((await run(['catalog', '--show', metric.id])).json.metric).toEqual(metric)
  })
})
