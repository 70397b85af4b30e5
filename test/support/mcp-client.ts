import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {onTestFinished} from 'vitest'
import {repositoryRoot} from './run-cli.js'

export interface McpProcess {
  /** Every frame that came, in order; a line that is no frame fails the test. */
  frames: any[]
  send(message: object): void
  request(method: string, params?: object, id?: number | string): Promise<any>
  /** `tools/call`, whole. */
  call(name: string, input?: object, meta?: object): Promise<any>
  /** The structured content of a call that has to succeed. */
  ask(name: string, input?: object): Promise<any>
  stdout(): string
  stderr(): string
  closeInput(): void
  kill(signal: NodeJS.Signals): void
  /** SIGKILL for the process that does the work, as a crash would end it. */
  killServer(): void
  ended: Promise<{exitCode: number | null; signal: string | null}>
}

/** `agnes mcp` over real pipes, spoken to frame by frame. */
export function startMcp(argv: readonly string[], env: Record<string, string>): McpProcess {
  const child = spawn(process.execPath, [join(repositoryRoot, 'bin/run.js'), 'mcp', ...argv], {
    env: {PATH: process.env.PATH, AGNES_NO_KEYCHAIN: '1', ...env},
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const frames: any[] = []
  const waiting = new Map<number | string, (frame: any) => void>()
  const texts = {out: '', err: ''}
  let rest = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (texts.err += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const frame = JSON.parse(line)
      frames.push(frame)
      if (frame.id !== undefined) waiting.get(frame.id)?.(frame)
    }
  })
  const ended = once(child, 'close').then(([exitCode, signal]) => {
    for (const answer of waiting.values()) answer({error: {message: 'the server has ended'}})
    return {exitCode: exitCode as number | null, signal: signal as string | null}
  })
  onTestFinished(async () => {
    child.kill('SIGTERM')
    // Until then it may write into a folder that is being removed.
    await ended
  })
  let last = 0
  const send = (message: object) =>
    void child.stdin.write(JSON.stringify({jsonrpc: '2.0', ...message}) + '\n')
  const request = (method: string, params: object = {}, id: number | string = ++last) =>
    new Promise<any>((resolve) => {
      waiting.set(id, resolve)
      send({id, method, params})
    })
  const call = async (name: string, input: object = {}, meta?: object) => {
    const params = {name, arguments: input, ...(meta ? {_meta: meta} : {})}
    const {result, error} = await request('tools/call', params)
    if (error) throw new Error(JSON.stringify(error))
    return result
  }
  return {
    frames,
    send,
    request,
    call,
    async ask(name, input) {
      const result = await call(name, input)
      if (result.isError) throw new Error(result.content[0].text)
      return result.structuredContent
    },
    stdout: () => texts.out,
    stderr: () => texts.err,
    closeInput: () => void child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    killServer() {
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
      for (const pid of children.trim().split(' ')) process.kill(Number(pid), 'SIGKILL')
    },
    ended,
  }
}

/** The handshake of the first era. */
export async function greet(mcp: McpProcess): Promise<any> {
  const clientInfo = {name: 'scripted', version: '1'}
  const params = {protocolVersion: '2025-11-25', capabilities: {}, clientInfo}
  const {result} = await mcp.request('initialize', params)
  mcp.send({method: 'notifications/initialized'})
  return result
}

/** The failure document of a tool's answer. */
export function failureOf(result: any): {code: string; message: string; hint: string | null} {
  if (!result.isError) throw new Error(`no failure: ${result.content[0].text}`)
  return JSON.parse(result.content[0].text).error
}
