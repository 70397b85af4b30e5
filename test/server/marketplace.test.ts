import {execFile} from 'node:child_process'
import {mkdir, readdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {promisify} from 'node:util'
import {describe, expect, it} from 'vitest'
import {fromBufferPromise} from 'yauzl'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {recorded, recordedVersions} from '../support/recorded.js'
import {tempDir} from '../support/temp-dir.js'

const run = promisify(execFile)

async function shelf(plugins: Record<string, Record<string, string>>): Promise<string> {
  const dir = await tempDir()
  for (const [id, files] of Object.entries(plugins))
    for (const [path, text] of Object.entries(files)) {
      const file = join(dir, 'marketplace', id, path)
      await mkdir(dirname(file), {recursive: true})
      await writeFile(file, text)
    }
  return dir
}

const plugin = (name: string, version = '1.0.0') => ({
  '.claude-plugin/plugin.json': JSON.stringify({name, version, description: `About ${name}`}),
  'commands/hello.md': `Say hello from ${name}.\n`,
})

async function grantPlugins({state}: EmbeddedServer, groupId: string, ...ids: string[]) {
  const row = (resourceId: string) => ({
    id: `grant-${groupId}-${resourceId}`,
    groupId,
    resourceType: 'marketplace_plugin',
    resourceId,
    assignedAt: '2026-01-31T12:00:00.000000',
    assignedBy: 'test',
  })
  await state.update(() => ({
    changes: ids.map((id) => ({put: 'grants' as const, row: row(id)})),
    result: undefined,
  }))
}

async function started() {
  const dir = await shelf({'core/alpha': plugin('alpha'), 'core/secret': plugin('secret')})
  const server = await startEmbeddedServer({dir})
  await grantPlugins(server, 'analysts', 'core/alpha')
  return {dir, server}
}

function fetchZip(server: EmbeddedServer, headers: Record<string, string> = {}) {
  return fetch(`${server.url}/marketplace.zip`, {
    headers: {authorization: `Bearer ${server.analystToken}`, ...headers},
  })
}

async function unpack(bytes: ArrayBuffer): Promise<Record<string, string>> {
  const archive = await fromBufferPromise(Buffer.from(bytes), {lazyEntries: true})
  const files: Record<string, string> = {}
  for await (const entry of archive.eachEntry()) {
    const chunks: Buffer[] = []
    for await (const chunk of await archive.openReadStreamPromise(entry)) chunks.push(chunk)
    files[entry.fileName] = Buffer.concat(chunks).toString()
  }
  return files
}

async function clone(url: string, token: string) {
  const dir = join(await tempDir(), 'clone')
  const helper = '!f() { echo username=x; echo "password=$TOKEN"; }; f'
  const home = await tempDir()
  await run('git', ['-c', `credential.helper=${helper}`, 'clone', '--quiet', url, dir], {
    env: {PATH: process.env.PATH, TOKEN: token, HOME: home, GIT_TERMINAL_PROMPT: '0'},
  })
  const {stdout} = await run('git', ['-C', dir, 'rev-parse', 'HEAD'])
  await run('git', ['-C', dir, 'fsck', '--strict'])
  return {dir, commit: stdout.trim()}
}

describe('the marketplace of the embedded server', () => {
  it('serves what a group is granted, and nothing else, on every way', async () => {
    const {server} = await started()
    const {body: info} = await server.call('GET', '/marketplace/info', {token: server.analystToken})
    expect(info).toMatchObject({
      email: 'analyst@example.com',
      groups: ['analysts'],
      marketplace_name: 'agnes',
      plugin_count: 1,
      plugins: [
        {
          name: 'alpha',
          original_name: 'alpha',
          prefixed_name: 'core-alpha',
          marketplace_slug: 'core',
          version: '1.0.0',
          description: 'About alpha',
          source: 'marketplace',
        },
      ],
      store_plugins: [],
    })
    const zip = await fetchZip(server)
    expect(zip.headers.get('etag')).toBe(`"${info.etag}"`)
    const files = await unpack(await zip.arrayBuffer())
    expect(Object.keys(files)).toEqual([
      '.agnes/version.json',
      '.claude-plugin/marketplace.json',
      'plugins/core-alpha/.claude-plugin/plugin.json',
      'plugins/core-alpha/commands/hello.md',
    ])
    expect(JSON.parse(files['.claude-plugin/marketplace.json']!)).toMatchObject({
      name: 'agnes',
      metadata: {version: info.etag},
      plugins: [{name: 'alpha', version: '1.0.0', source: './plugins/core-alpha'}],
    })
    const {dir} = await clone(`${server.url}/marketplace.git/`, server.analystToken)
    expect(await readdir(join(dir, 'plugins'))).toEqual(['core-alpha'])
    expect(await readFile(join(dir, '.claude-plugin/marketplace.json'), 'utf8')).toBe(
      files['.claude-plugin/marketplace.json'],
    )
  })

  it('gives administrators what their groups are granted, and no more', async () => {
    const {server} = await started()
    expect((await server.call('GET', '/marketplace/info')).body.plugins).toEqual([])
    const admins = server.state.groupByName('Admin')!.id
    await grantPlugins(server, admins, 'core/secret')
    expect((await server.call('GET', '/marketplace/info')).body.plugins).toMatchObject([
      {name: 'secret'},
    ])
  })

  it('shows a grant and its withdrawal at once', async () => {
    const {server} = await started()
    const before = (await fetchZip(server)).headers.get('etag')
    await grantPlugins(server, 'analysts', 'core/secret')
    const after = await fetchZip(server, {'if-none-match': before!})
    expect(after.status).toBe(200)
    expect(Object.keys(await unpack(await after.arrayBuffer()))).toContain(
      'plugins/core-secret/commands/hello.md',
    )
    await server.state.update(() => ({
      changes: [{drop: 'grants', key: ['grant-analysts-core/secret']}],
      result: undefined,
    }))
    expect((await fetchZip(server)).headers.get('etag')).toBe(before)
  })

  it('answers 304 while nothing changed, and the new files when one did', async () => {
    const {server, dir} = await started()
    const etag = (await fetchZip(server)).headers.get('etag')!
    for (const known of [etag, etag.replaceAll('"', '')])
      expect((await fetchZip(server, {'if-none-match': known})).status).toBe(304)
    await writeFile(join(dir, 'marketplace/core/alpha/commands/hello.md'), 'Another text.\n')
    const changed = await fetchZip(server, {'if-none-match': etag})
    expect(changed.status).toBe(200)
    expect(await unpack(await changed.arrayBuffer())).toMatchObject({
      'plugins/core-alpha/commands/hello.md': 'Another text.\n',
    })
  })

  it('leaves a plugin out that has no readable manifest, and serves the others', async () => {
    const {server, dir} = await started()
    await grantPlugins(server, 'analysts', 'core/secret')
    await rm(join(dir, 'marketplace/core/secret/.claude-plugin/plugin.json'))
    const {body} = await server.call('GET', '/marketplace/info', {token: server.analystToken})
    expect(body.plugins.map(({name}: {name: string}) => name)).toEqual(['alpha'])
    expect(server.logged).toMatchObject([{fields: {plugin: 'core/secret'}}])
  })

  it.each([
    ['a file outside', 'commands/hello.md', 'outside/secret.txt'],
    ['a folder outside', 'notes', 'outside'],
    ['a file of another plugin', 'commands/other.md', 'marketplace/core/secret/commands/hello.md'],
    ['the folder it lies in', 'commands/loop', 'marketplace/core/alpha'],
    ['nothing', 'commands/dangling.md', 'outside/absent'],
    ['itself', 'commands/self', 'marketplace/core/alpha/commands/self'],
  ])('leaves a plugin out that links to %s, and says which link', async (_what, at, target) => {
    const {server, dir} = await started()
    await grantPlugins(server, 'analysts', 'core/secret')
    await mkdir(join(dir, 'outside'))
    await writeFile(join(dir, 'outside/secret.txt'), 'not for you')
    const link = join(dir, 'marketplace/core/alpha', at)
    await rm(link, {force: true})
    await symlink(join(dir, target), link)
    const zip = await unpack(await (await fetchZip(server)).arrayBuffer())
    expect(Object.keys(zip).filter((path) => path.startsWith('plugins/'))).toEqual([
      'plugins/core-secret/.claude-plugin/plugin.json',
      'plugins/core-secret/commands/hello.md',
    ])
    expect(Object.values(zip).join()).not.toContain('not for you')
    expect(server.logged).toMatchObject([
      {fields: {plugin: 'core/alpha', reason: expect.stringContaining(`${at} is a link`)}},
    ])
    await rm(link)
    if (at === 'commands/hello.md') await writeFile(link, 'Hello.\n')
    const {body} = await server.call('GET', '/marketplace/info', {token: server.analystToken})
    expect(body.plugin_count).toBe(2)
  })

  it('follows no link to a plugin or a shelf either, and says so once', async () => {
    const {server, dir} = await started()
    const [shelves, other] = [join(dir, 'marketplace'), await shelf({'far/away': plugin('away')})]
    await symlink(join(other, 'marketplace/far/away'), join(shelves, 'core/linked'))
    await symlink(join(other, 'marketplace/far'), join(shelves, 'far'))
    await symlink('loop', join(shelves, 'loop'))
    await grantPlugins(server, 'analysts', 'core/linked', 'far/away')
    for (const _again of [1, 2]) {
      const {body} = await server.call('GET', '/marketplace/info', {token: server.analystToken})
      expect(body.plugins).toMatchObject([{name: 'alpha'}])
    }
    const named = server.logged.map(({fields}) => fields?.plugin)
    expect(named.sort()).toEqual(['core/linked', 'far', 'loop'])
  })

  it('offers each demo person the plugins of their groups', async () => {
    const server = await startEmbeddedServer({demo: {scale: 0.01}})
    const {body} = await server.call('GET', '/marketplace/info', {token: server.analystToken})
    expect(body.plugins).toMatchObject([{name: 'lipa-reviews', marketplace_slug: 'lipa'}])
    const filip = server.state.userByEmail('filip.dvorak@lipa.example')!
    const {token, row} = server.issuer.personal(filip, {name: 'x', scope: 'general', seconds: 60})
    await server.state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
    const his = await server.call('GET', '/marketplace/info', {token})
    expect(his.body.plugins.map(({name}: {name: string}) => name)).toEqual([
      'lipa-finance',
      'lipa-reviews',
    ])
  })

  it('has commits that are a function of the files alone', async () => {
    const [one, two] = [await started(), await started()]
    const commits = []
    for (const {server} of [one, two, one])
      commits.push((await clone(`${server.url}/marketplace.git/`, server.analystToken)).commit)
    expect(new Set(commits).size).toBe(1)
  })

  it.each([
    ['none', undefined],
    ['a bearer token', (token: string) => `Bearer ${token}`],
    ['a wrong password', () => `Basic ${Buffer.from('x:wrong').toString('base64')}`],
  ])('asks git for a password when there is %s', async (_name, header) => {
    const {server} = await started()
    const response = await fetch(`${server.url}/marketplace.git/info/refs`, {
      headers: header ? {authorization: header(server.analystToken)} : {},
    })
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="agnes-marketplace"',
    ])
    expect(response.headers.get('content-type')).toContain('text/plain')
  })

  it.each(recordedVersions)('answers as %s did', async (version) => {
    const exchanges = recorded(version).filter(({label}) => label.startsWith('marketplace'))
    expect(exchanges.map(({label}) => label)).toEqual([
      'marketplace: info',
      'marketplace: zip',
      'marketplace: zip 304',
    ])
    const server = await startEmbeddedServer()
    const [info, zip] = exchanges
    const answer = await server.call('GET', info!.request.path, {token: server.analystToken})
    const theirs = JSON.parse(info!.response.body.text!) as Record<string, unknown>
    expect(Object.keys(answer.body)).toEqual(Object.keys(theirs))
    expect(answer.body.etag).toMatch(/^[0-9a-f]{16}$/)
    expect(answer.body.generated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const archive = await fetchZip(server)
    for (const name of ['content-type', 'content-disposition'])
      expect(archive.headers.get(name)).toBe(zip!.response.headers[name])
    expect(archive.headers.get('etag')).toBe(`"${answer.body.etag}"`)
    const again = await fetchZip(server, {'if-none-match': `"${answer.body.etag}"`})
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([
      304,
      `"${answer.body.etag}"`,
      '',
    ])
  })
})
