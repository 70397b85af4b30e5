import {createServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {gzipSync} from 'node:zlib'
import {cp, mkdtemp, readdir, readFile, realpath, rm, symlink} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it, onTestFinished} from 'vitest'
import {bundle} from '../../scripts/build/bundle.js'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode, spawnProcess} from '../support/spawn-node.js'

/** A copy of the package whose commands are test/support/probe-commands, bundled like the real ones. */
let root: string
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'agnes-probe-')))
  const folder = 'test/support/probe-commands'
  const names = (await readdir(join(repositoryRoot, folder))).map((file) => file.replace('.ts', ''))
  await bundle(
    repositoryRoot,
    join(root, 'dist'),
    names.map((name) => ({in: `${folder}/${name}.ts`, out: `commands/${name}`})),
  )
  await cp(join(repositoryRoot, 'package.json'), join(root, 'package.json'))
  await cp(join(repositoryRoot, 'bin'), join(root, 'bin'), {recursive: true})
  await symlink(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'))
})
afterAll(() => rm(root, {recursive: true, force: true}))

const start = (...argv: string[]) =>
  spawnProcess(process.execPath, [join(root, 'bin/run.js'), ...argv], {env: {HOME: root}})

describe('an interrupted command', () => {
  it.each([
    ['SIGINT', 130, 'Interrupted.'],
    ['SIGTERM', 143, 'Stopped.'],
  ] as const)('cleans up after %s and ends with %d', async (signal, exitCode, message) => {
    const run = start('wait')
    await run.sees('ready')
    run.child.kill(signal)
    const ended = await run.ended
    expect(ended.exitCode).toBe(exitCode)
    expect(ended.stderr).toBe(`cleaned\nError: ${message}\n`)
  })

  it('prints one document with --json', async () => {
    const run = start('wait', '--json')
    await run.sees('ready')
    run.child.kill('SIGINT')
    const ended = await run.ended
    expect(ended.exitCode).toBe(130)
    expect(JSON.parse(ended.stdout)).toMatchObject({error: {code: 'interrupted'}})
  })

  it('ends at once on the second signal', async () => {
    const run = start('stubborn')
    await run.sees('ready')
    run.child.kill('SIGINT')
    await run.sees('noted')
    run.child.kill('SIGINT')
    expect((await run.ended).exitCode).toBe(130)
  })
})

describe('a reader that leaves', () => {
  it('stops the producer', async () => {
    const made = join(root, 'made')
    const script = `"${process.execPath}" "${join(root, 'bin/run.js')}" rows "${made}" | head -n 1`
    const ended = await spawnProcess('sh', ['-c', script], {env: {HOME: root}}).ended
    expect(ended).toMatchObject({exitCode: 0, stdout: 'row 0\n', stderr: ''})
    expect(Number(await readFile(made, 'utf8'))).toBeLessThan(1_000_000)
  })
})

describe('a promise nobody awaits', () => {
  it('is told in a line, not as a stack of bundled code', async () => {
    const ended = await start('lose').ended
    expect(ended.exitCode).toBe(1)
    expect(ended.stderr).toMatch(/^Error: Unexpected failure: nobody awaits this\nNext: .*\n$/)
  })

  it('is one document with --json', async () => {
    const ended = await start('lose', '--json').ended
    expect(ended.exitCode).toBe(1)
    expect(JSON.parse(ended.stdout)).toMatchObject({error: {code: 'unexpected'}})
    expect(ended.stderr).toBe('')
  })
})

describe('the bundled HTTP client', () => {
  it('speaks HTTPS and reads gzip', async () => {
    const tls = join(repositoryRoot, 'test/fixtures/tls')
    const server = createServer(
      {
        key: await readFile(join(tls, 'localhost-key.pem')),
        cert: await readFile(join(tls, 'localhost-cert.pem')),
      },
      (request, response) => {
        response.setHeader('content-type', 'application/json').setHeader('content-encoding', 'gzip')
        response.end(gzipSync(JSON.stringify({token: request.headers.authorization})))
      },
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const origin = `https://localhost:${(server.address() as AddressInfo).port}`
    const env = {HOME: root, NODE_EXTRA_CA_CERTS: join(tls, 'localhost-cert.pem')}
    const trusted = await runNode([join(root, 'bin/run.js'), 'fetch', origin, '--json'], {env})
    expect(JSON.parse(trusted.stdout)).toEqual({status: 200, body: {token: 'Bearer secret'}})
    const untrusted = await start('fetch', origin, '--json').ended
    expect(untrusted.exitCode).toBe(9)
  })
})
