import {readdir} from 'node:fs/promises'
import {describe, expect, it} from 'vitest'
import {startBigQuery} from '../support/bigquery-double.js'
import {queryWorkspace} from '../support/query-workspace.js'
import {repositoryRoot} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

/** The bundled client of BigQuery, in a process of its own. */

async function start(more: {pending?: number} = {}) {
  const double = await startBigQuery()
  double.statement({
    sql: 'ads.costs',
    schema: [{name: 'spend', type: 'NUMERIC'}],
    rows: [['12.5']],
    bytes: 100,
    ...more,
  })
  const {root, home} = await queryWorkspace()
  const temporary = await tempDir()
  const argv = ['query', 'FROM c', '--register-bq', 'c=SELECT spend FROM `acme.ads.costs`']
  const spawned = spawnProcess(process.execPath, [`${repositoryRoot}/bin/run.js`, ...argv], {
    cwd: root,
    env: {
      ...{HOME: home, TMPDIR: temporary},
      ...{AGNES_BIGQUERY_PROJECT: 'payer', AGNES_BIGQUERY_ENDPOINT: double.origin},
    },
  })
  return {double, spawned, root, temporary}
}

describe('agnes query --register-bq, spawned', () => {
  it('answers', async () => {
    const {spawned, double} = await start()
    const {exitCode, stdout, stderr} = await spawned.ended
    expect([exitCode, stdout]).toEqual([0, 'spend\n12.500000000\n'])
    expect(stderr).toMatch(/^Registered c: 1 row, /)
    expect(double.ran.map(({maximumBytesBilled}) => maximumBytesBilled)).toEqual(['5368709120'])
  })

  it('is interrupted by Ctrl-C: the statement is cancelled and nothing is left', async () => {
    const {spawned, double, root, temporary} = await start({pending: Infinity})
    await double.whenAsked()
    spawned.child.kill('SIGINT')
    expect(await spawned.ended).toMatchObject({exitCode: 130, stdout: ''})
    expect(double.ran.map(({isCancelled}) => isCancelled)).toEqual([true])
    expect((await readdir(root)).sort()).toEqual(['.claude'])
    expect(await readdir(temporary)).toEqual([])
  })
})
