import {spawn} from 'node:child_process'
import {createRequire} from 'node:module'
import {environmentForOthers} from '../config/env.js'
import {hasTexts} from '../config/has-texts.js'
import {AuthError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Secret, SecretStore} from '../ports/secret-store.js'
import {isFields, type Fields} from '../wire/read-fields.js'
import {keychainProgram} from './keychain-program.js'

const SERVICE = 'agnes-cli'
/** No origin can be called so. */
const PROBE_ACCOUNT = 'probe'
/** A keychain that needs longer is waiting for somebody who is not there. */
const KEYCHAIN_LIMIT_MS = 3000
const MAX_ANSWER_CHARS = 100_000

/** A program that speaks the protocol of keychain-program.ts. */
export interface KeychainCommand {
  program: string
  args: readonly string[]
}

interface Request {
  action: 'get' | 'set' | 'delete' | 'probe'
  account: string
  value?: string
}

/**
 * The keychain of the system through `keytar`, one entry per origin. Each call is a process of its own
 * that is killed after three seconds, so no keychain can hold this one up. Any failure is an `AuthError`
 * (code `keychain_unavailable`).
 */
export class OsKeychain implements SecretStore {
  readonly kind = 'keychain'
  private readonly limitMs: number
  private readonly service: string
  /** One process at a time: the limit counts a keychain's time, not that of a queue for the processor. */
  private turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly command: KeychainCommand,
    private readonly clock: Clock,
    options: {limitMs?: number; service?: string} = {},
  ) {
    this.limitMs = options.limitMs ?? KEYCHAIN_LIMIT_MS
    this.service = options.service ?? SERVICE
  }

  /** Resolves when a secret can be written, read and deleted here; rejects with the reason otherwise. */
  async probe(): Promise<void> {
    await this.ask({action: 'probe', account: PROBE_ACCOUNT, value: 'agnes'})
  }

  async get(origin: string): Promise<Secret | undefined> {
    const value = await this.ask({action: 'get', account: accountOf(origin)})
    if (typeof value !== 'string') return undefined
    const secret = parsed(value)
    if (hasTexts(secret, 'token', 'email')) return {token: secret.token, email: secret.email}
    throw unavailable(`holds something else under ${origin}`)
  }

  async set(origin: string, {token, email}: Secret): Promise<void> {
    const value = JSON.stringify({token, email})
    await this.ask({action: 'set', account: accountOf(origin), value})
  }

  async delete(origin: string): Promise<boolean> {
    return (await this.ask({action: 'delete', account: accountOf(origin)})) === true
  }

  private ask(request: Request): Promise<unknown> {
    const answer = this.turn.then(() => this.askNow(request))
    this.turn = answer.catch(() => undefined)
    return answer
  }

  private async askNow(request: Request): Promise<unknown> {
    const over = new AbortController()
    const limit = this.clock.sleep(this.limitMs, over.signal).then(
      () => {
        throw unavailable(`did not answer in ${this.limitMs / 1000} s`)
      },
      () => undefined,
    )
    const child = start(this.command)
    try {
      const text = await Promise.race([converse(child, {...request, service: this.service}), limit])
      return readAnswer(text ?? '')
    } finally {
      over.abort()
      child.kill('SIGKILL')
    }
  }
}

/** The real keychain's command, `undefined` where `keytar` is not installed. */
export function keytarCommand(): KeychainCommand | undefined {
  try {
    const keytar = createRequire(import.meta.url).resolve('keytar')
    return {program: process.execPath, args: ['-e', keychainProgram, keytar]}
  } catch {
    // An optional dependency: the file store takes over.
    return undefined
  }
}

function start({program, args}: KeychainCommand) {
  return spawn(program, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environmentForOthers(),
    windowsHide: true,
  })
}

function converse(
  child: ReturnType<typeof start>,
  request: Request & {service: string},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.on('error', (error) => reject(unavailable('could not be asked', error)))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < MAX_ANSWER_CHARS) text += chunk
    })
    child.on('close', () => resolve(text))
    child.stdin.on('error', () => {
      // It ended without listening; 'close' tells.
    })
    child.stdin.end(JSON.stringify(request))
  })
}

function readAnswer(text: string): unknown {
  const answer = parsed(text)
  if (!answer) throw unavailable('ended without an answer')
  if (answer.failure !== undefined) throw unavailable(`answered: ${String(answer.failure)}`)
  return answer.value
}

function parsed(text: string): Fields | undefined {
  try {
    const document: unknown = JSON.parse(text)
    return isFields(document) ? document : undefined
  } catch {
    // Whoever asked names what was no document.
    return undefined
  }
}

/** Some keychains refuse an empty name. */
function accountOf(origin: string): string {
  return `origin ${origin}`
}

function unavailable(what: string, cause?: unknown): AuthError {
  return new AuthError(`The keychain of this computer ${what}.`, {
    code: 'keychain_unavailable',
    hint: 'Unlock it and try again, or keep tokens in a file: agnes auth login --store file',
    details: {reason: what},
    ...(cause === undefined ? {} : {cause}),
  })
}
