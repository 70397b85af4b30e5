import {mkdir, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {encodedPath} from '../../../src/lib/session/project-folders.js'
import {runCli, type RunOutcome} from '../../support/run-cli.js'
import {tempWorkspace, type TempWorkspace} from '../../support/temp-workspace.js'
import {startTestServer, type LoggedRequest, type TestServer} from '../../support/test-server.js'

/** A workspace with sessions beside a server that keeps what it is sent. */
export interface PushStage extends TempWorkspace {
  server: TestServer
  /** What the server has, by file name; the last upload of a name wins, as on the real one. */
  stored: Map<string, string>
  /** Names in order of arrival, repeats included. */
  arrivals: string[]
  notes: string[]
  /** `~/.claude/projects`. */
  projects: string
  env: Record<string, string>
  addSession(id: string, options?: SessionOptions): Promise<string>
  run(argv: string[], options?: {env?: Record<string, string>; tty?: boolean}): Promise<RunOutcome>
}

export interface SessionOptions {
  /** Default: the workspace. */
  cwd?: string
  /** Project folder; default: as Claude Code names it for `cwd`. */
  folder?: string
  /** Texts of user messages, one line each. */
  texts?: string[]
  /** Named inside the lines; default: the id. */
  sessionId?: string
  /** The whole file instead. */
  content?: string
}

export function transcript(id: string, cwd: string, texts: readonly string[]): string {
  return texts
    .map((text, index) =>
      JSON.stringify({
        parentUuid: null,
        cwd,
        sessionId: id,
        type: 'user',
        message: {role: 'user', content: text},
        uuid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        timestamp: '2026-01-31T12:00:00.000Z',
      }),
    )
    .map((line) => `${line}\n`)
    .join('')
}

export async function pushStage(
  options: {
    gzip?: boolean
    /** Awaited before a transcript is taken. */
    whenAsked?: (fileName: string) => Promise<void>
  } = {},
): Promise<PushStage> {
  const server = await startTestServer()
  const workspace = await tempWorkspace({server: server.origin})
  const projects = join(workspace.home, '.claude/projects')
  const stored = new Map<string, string>()
  const arrivals: string[] = []
  const notes: string[] = []
  const headers: Record<string, string> = options.gzip
    ? {'x-agnes-accepts': 'other, session-gzip'}
    : {}
  server.on('GET', '/api/health', () => ({status: 200, headers, body: {status: 'ok'}})).optional()
  server
    .on('POST', '/api/upload/sessions', async (request) => {
      const {fileName, bytes} = readForm(request)
      await options.whenAsked?.(fileName)
      const isPacked = options.gzip === true && fileName.endsWith('.gz')
      const name = isPacked ? fileName.slice(0, -3) : fileName
      const content = isPacked ? gunzipSync(bytes) : bytes
      stored.set(name, content.toString('utf8'))
      arrivals.push(name)
      return {status: 200, headers, body: {status: 'ok', filename: name, size: content.length}}
    })
    .optional()
  server
    .on('POST', '/api/upload/local-md', (request) => {
      const {content} = JSON.parse(request.body.toString('utf8')) as {content: string}
      notes.push(content)
      return {status: 200, body: {status: 'ok', user: 'a@b', size: [...content].length}}
    })
    .optional()
  const env = {HOME: workspace.home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'test-token'}
  return {
    ...workspace,
    server,
    stored,
    arrivals,
    notes,
    projects,
    env,
    async addSession(id, session = {}) {
      const cwd = session.cwd ?? workspace.root
      const path = join(projects, session.folder ?? encodedPath(cwd), `${id}.jsonl`)
      await mkdir(dirname(path), {recursive: true})
      const texts = session.texts ?? [`hello from ${id}`]
      await writeFile(path, session.content ?? transcript(session.sessionId ?? id, cwd, texts))
      return path
    },
    run: (argv, extra = {}) =>
      runCli(argv, {
        env: {...env, ...extra.env},
        currentDir: workspace.root,
        ...(extra.tty === undefined ? {} : {tty: extra.tty}),
      }),
  }
}

/** The one file field of a form, as the server's parser sees it. */
export function readForm({headers, body}: LoggedRequest): {fileName: string; bytes: Buffer} {
  const boundary = /boundary=([^\s;]+)/.exec(headers['content-type'] ?? '')?.[1] ?? ''
  const headEnd = body.indexOf('\r\n\r\n')
  const head = body.subarray(0, headEnd).toString('latin1')
  const tail = body.lastIndexOf(`\r\n--${boundary}--`)
  if (boundary === '' || headEnd < 0 || tail < headEnd) throw new Error('not a whole form')
  return {
    fileName: /filename="([^"]*)"/.exec(head)?.[1] ?? '',
    bytes: body.subarray(headEnd + 4, tail),
  }
}
