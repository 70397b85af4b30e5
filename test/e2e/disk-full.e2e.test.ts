import {createHash, randomBytes} from 'node:crypto'
import {mkdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {installedCli} from '../support/installed-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'
import {startTestServer} from '../support/test-server.js'
import {parquet} from '../unit/sync/pull-world.js'

const TABLE_ROWS = 1000
const BIG_BYTES = 24 << 20

/** Mounts a 20 MiB file system on $1 in a name space of its own, then pulls three times and queries. */
const script = `
mount -t tmpfs -o size=20m tmpfs "$1" && mkdir -p "$1/server/parquet" && cd "$1" || exit 99
for step in 1 2 3; do "$2" "$3" pull --json >"$4/$step.json" 2>"$4/$step.err"; echo $? >"$4/$step.code"; done
"$2" "$3" query 'SELECT count(*) FROM small' --json >"$4/4.json" 2>"$4/4.err"; echo $? >"$4/4.code"
find . -type f | sort >"$4/files"
`

it(
  'refuses before the first byte what does not fit, and loses nothing when the disk fills midway',
  {timeout: 120_000},
  async () => {
    const small = await parquet(TABLE_ROWS)
    const big = Buffer.concat([Buffer.from('PAR1'), randomBytes(BIG_BYTES), Buffer.from('PAR1')])
    const server = await startTestServer()
    const smallRow = row(small, small.length)
    const manifests = [
      {small: smallRow},
      // Said to be too big, then of unknown size: only the second can start at all.
      {small: smallRow, big: row(big, big.length)},
      {small: smallRow, big: row(big, null)},
    ]
    server.on('GET', '/api/sync/manifest', () => ({
      status: 200,
      body: {tables: manifests.shift(), assets: {}, server_time: '2026-01-31T12:00:00+00:00'},
    }))
    server.json('/api/memory/bundle', {mandatory: [], approved: []})
    server.file('/api/data/small/download', small)
    server.file('/api/data/big/download', big)

    const home = await tempDir()
    const [mount, out] = [join(home, 'mount'), join(home, 'out')]
    await Promise.all([mkdir(mount), mkdir(out)])
    const {ended} = spawnProcess(
      'unshare',
      ['-rm', 'sh', '-c', script, 'sh', mount, process.execPath, await installedCli(), out],
      {env: {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 't'}},
    )
    expect((await ended).stderr).toBe('')

    const text = (name: string) => readFile(join(out, name), 'utf8')
    const codes = await Promise.all(['1', '2', '3', '4'].map((step) => text(`${step}.code`)))
    expect(codes.map(Number)).toEqual([0, 14, 14, 0])
    const refused = JSON.parse(await text('2.json')) as {error: {code: string; message: string}}
    expect(refused.error.code).toBe('disk_full')
    expect(refused.error.message).toMatch(/need 33\.6 MB, the disk has 20\.\d MB/)
    const paths = server.requests.map(({path}) => path)
    const thirdPull = paths.lastIndexOf('/api/sync/manifest')
    expect(paths.indexOf('/api/data/big/download')).toBeGreaterThan(thirdPull)
    expect(JSON.parse(await text('4.json'))).toMatchObject({rows: [[TABLE_ROWS]]})
    expect(await text('files')).not.toMatch(/\.tmp$|big\.parquet/m)
  },
)

function row(bytes: Uint8Array, sizeBytes: number | null) {
  return {
    hash: createHash('md5').update(bytes).digest('hex'),
    updated: '2026-01-31T12:00:00',
    size_bytes: sizeBytes,
    rows: null,
    query_mode: 'local',
    source_type: 'local',
  }
}
