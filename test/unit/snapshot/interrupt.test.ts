import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../../src/lib/adapters/duckdb-warehouse.js'
import {FileLock} from '../../../src/lib/adapters/file-lock.js'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../../src/lib/config/paths.js'
import {InterruptedError} from '../../../src/lib/errors.js'
import {createSnapshot} from '../../../src/lib/snapshot/create-snapshot.js'
import {readCreateFlags} from '../../../src/lib/snapshot/read-create-flags.js'
import {tempWorkspace} from '../../support/temp-workspace.js'
import {startTestServer} from '../../support/test-server.js'

it.each(['/api/v2/scan/estimate', '/api/v2/scan'])(
  'leaves no snapshot and no lock when stopped while waiting for %s',
  async (path) => {
    const server = await startTestServer()
    const controller = new AbortController()
    server
      .on('POST', '/api/v2/scan/estimate', () => ({status: 200, body: {estimated_scan_bytes: 1}}))
      .optional()
    server.on('POST', path, () => {
      controller.abort(new InterruptedError('SIGINT'))
      return new Promise(() => {})
    })
    const {root, files} = await tempWorkspace({server: server.origin})
    const deps = {
      files,
      http: new GotHttpClient({origin: server.origin, token: 'token', userAgent: 'test'}),
      clock: systemClock,
      random: systemRandom,
      warehouse: async () => new DuckDbWarehouse(),
      lock: new FileLock(join(root, workspacePaths.snapshotsLock), systemClock),
      stallMs: 30_000,
    }
    const flags = {estimate: false, 'no-estimate': false, force: true}
    const request = readCreateFlags('zoo', flags, 100)
    const made = createSnapshot(deps, request, controller.signal)
    await expect(made).rejects.toMatchObject({exitCode: 130})
    expect(await readdir(join(root, 'user/snapshots')).catch(() => [])).toEqual([])
    const left = await readdir(join(root, '.claude/agnes'))
    expect(left.filter((name) => name.startsWith('snapshots'))).toEqual([])
  },
)
