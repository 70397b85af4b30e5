import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {adminOf} from '../../support/admin-runs.js'
import {startEmbeddedServer} from '../../support/embedded-server.js'
import {tempDir} from '../../support/temp-dir.js'
import {startTestServer} from '../../support/test-server.js'

const metric = (name: string, table = 'orders') =>
  `name: ${name}\ntable: ${table}\nsql: SELECT count(*) FROM ${table}\n`

/** A server with one table and a metric written by hand, and a folder of metric files. */
async function metrics(files: Record<string, string> = {}) {
  const dir = await tempDir()
  await writeFile(join(dir, 'orders.csv'), 'id,amount\n1,10\n')
  const server = await startEmbeddedServer({dir})
  const [admin, home] = [await adminOf(server), await tempDir()]
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(home, path)), {recursive: true})
    await writeFile(join(home, path), text)
  }
  for (const [path, text] of Object.entries(files)) await write(path, text)
  await server.call('POST', '/api/admin/metrics', {
    body: {id: 'own/mine', name: 'mine', display_name: 'Mine', category: 'own', sql: 'SELECT 1'},
  })
  const run = (words: string[], options = {}) =>
    admin(['metrics', ...words], {currentDir: home, ...options})
  const ids = () => [...server.state.all('metrics')].map(({id}) => id).sort()
  return {server, home, write, run, ids}
}

const LISTED = {display_name: 'Old', category: 'sales', sql: 'SELECT 1'}
const TWO = {'m/sales/a.yml': metric('a'), 'm/sales/b.yml': metric('b')}

describe('agnes admin metrics import --prune', () => {
  it('deletes what an import made and no file holds any more, and nothing else', async () => {
    const {run, write, ids} = await metrics(TWO)
    expect((await run(['import', 'm'])).exitCode).toBe(0)
    expect(ids()).toEqual(['own/mine', 'sales/a', 'sales/b'])
    await write('m/sales/b.yml', metric('c'))
    const dry = await run(['import', 'm', '--prune', '--dry-run', '--json'])
    expect(dry.json).toMatchObject({
      isDryRun: true,
      changes: [
        {action: 'updated', id: 'sales/a'},
        {action: 'created', id: 'sales/c'},
        {action: 'deleted', id: 'sales/b'},
      ],
      kept: ['own/mine'],
    })
    expect(ids()).toEqual(['own/mine', 'sales/a', 'sales/b'])
    const pruned = await run(['import', 'm', '--prune', '--yes'], {tty: true})
    expect(pruned.stdout).toContain('Deleted metric sales/b.')
    expect(pruned.stdout).toContain('On the server and in no file: own/mine')
    expect(ids()).toEqual(['own/mine', 'sales/a', 'sales/c'])
  })

  it('asks first, and does nothing where nobody can answer or the answer is no', async () => {
    const {run, write, ids} = await metrics(TWO)
    await run(['import', 'm'])
    await write('m/sales/b.yml', metric('c'))
    const refused = await run(['import', 'm', '--prune', '--json'])
    expect([refused.exitCode, refused.json.error.code]).toEqual([2, 'confirmation_needed'])
    const no = await run(['import', 'm', '--prune'], {tty: true, stdin: 'n\n'})
    expect([no.exitCode, no.stderr]).toEqual([2, expect.stringContaining('sales/b')])
    expect(ids()).toEqual(['own/mine', 'sales/a', 'sales/b'])
  })

  it.each<[string, Record<string, string>, string, string]>([
    ['one file', {'m/sales/a.yml': metric('a')}, 'm/sales/a.yml', 'prune_refused'],
    ['a folder without metrics', {'m/readme.txt': 'x'}, 'm', 'no_metrics'],
    ['a file that is no YAML', {...TWO, 'm/sales/x.yml': 'a: [1'}, 'm', 'prune_refused'],
    ['a metric without a name', {...TWO, 'm/sales/x.yml': 'sql: x\n'}, 'm', 'prune_refused'],
    ['a metric in two files', {...TWO, 'm/sales/x.yml': metric('a')}, 'm', 'prune_refused'],
  ])('refuses %s and deletes nothing', async (_, files, path, code) => {
    const {run, write, ids} = await metrics({'old/sales/old.yml': metric('old')})
    await run(['import', 'old'])
    for (const [file, text] of Object.entries(files)) await write(file, text)
    const refused = await run(['import', path, '--prune', '--yes', '--json'])
    expect([refused.exitCode, refused.json.error.code]).toEqual([2, code])
    expect(ids()).toEqual(['own/mine', 'sales/old'])
  })

  it('deletes nothing when the server did not take every file', async () => {
    const {run} = await metrics(TWO)
    const fake = await startTestServer()
    const old = {...LISTED, id: 'sales/old', name: 'old', source: 'yaml_import'}
    fake.json('/api/metrics', {metrics: [old], count: 1})
    fake.on('POST', '/api/admin/metrics/import', ({body}) =>
      body.includes('name: b')
        ? {status: 400, body: {detail: 'Unknown table orders'}}
        : {status: 200, body: {status: 'imported', count: 1}},
    )
    const outcome = await run(['import', 'm', '--prune', '--yes', '--json'], {
      env: {AGNES_SERVER: fake.origin},
    })
    expect(outcome.exitCode).toBe(12)
    expect(outcome.json).toMatchObject({
      changes: [{action: 'created', id: 'sales/a'}],
      failed: [{reference: 'sales/b.yml', message: 'Unknown table orders'}],
    })
    fake.verify()
  })
})

describe('agnes admin metrics import over what was written by hand', () => {
  const MINE = {'m/own/mine.yml': metric('mine'), 'm/sales/a.yml': metric('a')}
  const written = (server: {state: {get(table: 'metrics', id: string): any}}) => {
    const {sql, source} = server.state.get('metrics', 'own/mine').document
    return [sql, source]
  }

  it('shows it, and replaces it only when told so', async () => {
    const {run, server, ids} = await metrics(MINE)
    const dry = await run(['import', 'm', '--dry-run', '--json'])
    expect(dry.json.changes).toMatchObject([
      {action: 'replaced', id: 'own/mine'},
      {action: 'created', id: 'sales/a'},
    ])
    const seen = await run(['import', 'm', '--dry-run'], {tty: true})
    expect(seen.stdout).toContain('Written by hand until now: own/mine\n')
    const refused = await run(['import', 'm', '--json'])
    expect([refused.exitCode, refused.json.error]).toMatchObject([
      2,
      {
        code: 'confirmation_needed',
        message: expect.stringContaining('Replace metrics written by hand: own/mine.'),
        hint: expect.stringContaining('--yes'),
      },
    ])
    const no = await run(['import', 'm'], {tty: true, stdin: 'n\n'})
    expect([no.exitCode, no.stderr]).toEqual([2, expect.stringContaining('own/mine? [y/N]')])
    expect([ids(), written(server)]).toEqual([['own/mine'], ['SELECT 1', 'manual']])
    const yes = await run(['import', 'm', '--yes'])
    expect(yes.stdout).toBe(
      'replaced\tmetric\town/mine\town/mine\t\tnew\ncreated\tmetric\tsales/a\tsales/a\t\tnew\n',
    )
    expect(written(server)).toEqual(['SELECT count(*) FROM orders', 'yaml_import'])
    // From here on an import owns it, and needs no leave.
    expect((await run(['import', 'm', '--json'])).json.changes[0].action).toBe('updated')
  })

  it('asks once for what is replaced and what is deleted', async () => {
    const {run, write, ids} = await metrics(TWO)
    await run(['import', 'm'])
    await write('n/own/mine.yml', metric('mine'))
    const asked = await run(['import', 'n', '--prune'], {tty: true, stdin: 'y\n'})
    expect(asked.stderr).toContain(
      'Replace metrics written by hand: own/mine; delete metrics sales/a, sales/b? [y/N]',
    )
    expect([asked.exitCode, ids()]).toEqual([0, ['own/mine']])
  })
})

describe('agnes admin metrics import', () => {
  it('takes what it can read and ends with 12, naming the rest with reasons', async () => {
    const {run, ids} = await metrics({
      ...TWO,
      'm/sales/broken.yml': 'a: [1',
      'm/sales/slash.yml': metric('a/b'),
      'm/more/list.yml': `- {name: one, sql: x}\n- {sql: y}\n`,
    })
    const outcome = await run(['import', 'm'])
    expect(outcome.exitCode).toBe(12)
    expect(outcome.stderr).toContain('Done: 3 of 6.')
    for (const reason of ['sales/broken.yml: ', 'holds a slash', 'more/list.yml: a metric has no'])
      expect(outcome.stderr).toContain(reason)
    expect(ids()).toEqual(['more/one', 'own/mine', 'sales/a', 'sales/b'])
  })

  it('imports a metric that two files hold from neither, and names both', async () => {
    const {run, ids} = await metrics({
      ...TWO,
      'm/other/a.yml': 'name: a\ncategory: sales\nsql: SELECT 2\n',
    })
    const outcome = await run(['import', 'm', '--json'])
    expect(outcome.exitCode).toBe(12)
    expect(outcome.json.failed).toEqual([
      {
        reference: 'other/a.yml',
        code: 'metric_unreadable',
        message: 'the metric sales/a is there more than once: other/a.yml, sales/a.yml',
      },
    ])
    expect(ids()).toEqual(['own/mine', 'sales/b'])
  })
})

describe('agnes admin metrics validate', () => {
  it('finds metrics about tables that nobody registered', async () => {
    const {run, write} = await metrics(TWO)
    await run(['import', 'm'])
    expect((await run(['validate'])).exitCode).toBe(0)
    await write('m/sales/b.yml', metric('b', 'refunds'))
    await run(['import', 'm'])
    const text = await run(['validate'])
    expect([text.exitCode, text.stdout]).toEqual([
      2,
      'ok\tsales/a\torders\nno table\tsales/b\trefunds\nok\town/mine\t\n',
    ])
    expect(text.stderr).toContain('1 of 3 metrics are about unregistered tables.')
    const json = await run(['validate', '--json'])
    expect([json.exitCode, json.json.invalid]).toEqual([2, 1])
    expect(json.json.checks[1]).toEqual({id: 'sales/b', table: 'refunds', isValid: false})
    expect((await run(['validate'], {tty: true})).stdout).toContain(
      '3 metrics, 1 about tables that are not registered.',
    )
  })
})

describe('agnes admin metrics export', () => {
  it('writes into a folder with other things, and replaces nothing unasked', async () => {
    const {home, run, write} = await metrics(TWO)
    await run(['import', 'm'])
    await write('out/notes.txt', 'mine')
    expect((await run(['export', '--dir', 'out'])).exitCode).toBe(0)
    const again = await run(['export', '--dir', 'out', '--json'])
    expect([again.json.written, again.json.unchanged]).toEqual([
      [],
      ['sales/a.yml', 'sales/b.yml', 'own/mine.yml'],
    ])
    await write('out/sales/a.yml', 'edited: here\n')
    const refused = await run(['export', '--dir', 'out', '--json'])
    expect([refused.exitCode, refused.json.error.code]).toEqual([6, 'file_exists'])
    expect(refused.json.error.hint).toContain('--overwrite')
    const text = (path: string) => readFile(join(home, 'out', path), 'utf8')
    expect(await text('sales/a.yml')).toBe('edited: here\n')
    const forced = await run(['export', '--dir', 'out', '--overwrite', '--json'])
    expect(forced.json.written).toEqual(['sales/a.yml'])
    expect(await text('sales/a.yml')).toContain('name: a\n')
    expect(await text('notes.txt')).toBe('mine')
  })
})
