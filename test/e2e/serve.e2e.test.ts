import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode, spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

const binary = join(repositoryRoot, 'bin/run.js')

async function folder() {
  const home = await tempDir()
  await mkdir(join(home, 'data'))
  await writeFile(join(home, 'data/orders.csv'), 'id,amount\n1,10\n2,20\n')
  return {home, options: {env: {HOME: home}, cwd: home}}
}

function serve(options: {env: Record<string, string>; cwd: string}, ...argv: string[]) {
  return spawnProcess(process.execPath, [binary, 'serve', 'data', '--port', '0', ...argv], options)
}

describe('agnes serve', () => {
  it('says in one line that it answers, and ends with 0 when it is stopped', async () => {
    const {options} = await folder()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const server = serve(options, '--json')
      await server.sees('\n')
      const said = JSON.parse(server.stdout()) as {url: string; adminToken: string | null}
      expect(Object.keys(said)).toEqual([
        'url',
        'adminToken',
        'analystToken',
        'analystEmail',
        'analystPassword',
      ])
      expect((await fetch(`${said.url}/api/health`)).status).toBe(200)
      // The first start shows the token, the second has only its hash.
      expect(typeof said.adminToken).toBe(signal === 'SIGINT' ? 'string' : 'object')
      server.child.kill(signal)
      const {exitCode, stdout, stderr} = await server.ended
      expect({exitCode, stderr, lines: stdout.split('\n').length}).toEqual({
        exitCode: 0,
        stderr: '',
        lines: 2,
      })
    }
  })

  it('finishes a download that is running when it is told to stop', async () => {
    const {home, options} = await folder()
    await writeFile(join(home, 'data/big.csv'), `n\n${'123456789\n'.repeat(100_000)}`)
    const server = serve(options, '--json')
    await server.sees('\n')
    const {url, adminToken} = JSON.parse(server.stdout()) as {url: string; adminToken: string}
    const response = await fetch(`${url}/api/data/big/download`, {
      headers: {authorization: `Bearer ${adminToken}`},
    })
    server.child.kill('SIGTERM')
    const bytes = await response.arrayBuffer()
    expect(bytes.byteLength).toBe(Number(response.headers.get('content-length')))
    expect((await server.ended).exitCode).toBe(0)
  })

  it('keeps a second server out of the folder and names the first', async () => {
    const {options} = await folder()
    const first = serve(options, '--json')
    await first.sees('\n')
    const second = await runNode([binary, 'serve', 'data', '--port', '0', '--json'], options)
    expect(second.exitCode).toBe(11)
    expect(JSON.parse(second.stdout).error).toMatchObject({
      code: 'already_served',
      details: {pid: first.child.pid},
    })
    first.child.kill('SIGKILL')
    await first.ended
    const third = serve(options, '--new-admin-token')
    await third.sees('adminToken\t')
    expect(third.stdout()).toMatch(
      /^url\thttp:\/\/127\.0\.0\.1:\d+\nfolder\t.*\ntables\t1\nadminToken\teyJ/,
    )
  })

  it('names the port that is taken and what to do', async () => {
    const {options} = await folder()
    const first = serve(options, '--json')
    await first.sees('\n')
    const {port} = new URL((JSON.parse(first.stdout()) as {url: string}).url)
    const second = await runNode([binary, 'serve', 'other', '--port', port], options)
    expect(second.exitCode).toBe(11)
    expect(second.stderr).toContain(`Port ${port} on 127.0.0.1 is in use`)
    expect(second.stderr).toContain('--port 0')
  })

  it('does not open to the network unasked', async () => {
    const {options} = await folder()
    const refused = await runNode([binary, 'serve', 'data', '--host', '0.0.0.0'], options)
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toContain('plain HTTP')
    expect(refused.stderr).toContain('--allow-network')
  })

  it('makes the demo company and tells the next command to type', async () => {
    const {options} = await folder()
    const server = spawnProcess(
      process.execPath,
      [binary, 'serve', '--demo', '--port', '0', '--json'],
      options,
    )
    await server.sees('\n')
    const told = JSON.parse(server.stdout()) as Record<string, string>
    const {url, adminToken, analystToken, analystEmail, analystPassword} = told
    const tablesFor = async (token: string | undefined) => {
      const response = await fetch(`${url}/api/sync/manifest`, {
        headers: {authorization: `Bearer ${token}`},
      })
      return Object.keys(((await response.json()) as {tables: object}).tables)
    }
    const [all, some] = [await tablesFor(adminToken), await tablesFor(analystToken)]
    expect(all).toContain('payroll')
    expect(some).not.toContain('payroll')
    expect(some.length).toBeGreaterThan(5)
    const form = {port: '4000', state: 'state-0123456789-abcdefghij'}
    const signedIn = await fetch(`${url}/cli/auth/start`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({...form, email: analystEmail!, password: analystPassword!}),
    })
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:4000\/callback\?code=/),
    ])
    expect(server.stderr()).toBe('')
    server.child.kill('SIGINT')
    expect((await server.ended).exitCode).toBe(0)
  })
})
