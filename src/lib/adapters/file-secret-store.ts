import {hasTexts} from '../config/has-texts.js'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Lock} from '../ports/lock.js'
import type {Secret, SecretStore} from '../ports/secret-store.js'
import {isFields} from '../wire/read-fields.js'

const PATH = 'credentials.json'

interface Stored {
  format: 1
  origins: Record<string, Secret>
}

/** Long enough for anyone who only rewrites a small file; after it the writer is told who holds it. */
const LOCK_WAIT_MS = 30_000

/** `credentials.json`, mode 0600, one entry per origin. Refused when other users can read it. */
export class FileSecretStore implements SecretStore {
  readonly kind = 'file'

  constructor(
    private readonly files: Files,
    /** Permission bits of a path, `undefined` where the system has none (Windows). */
    private readonly modeOf: (path: string) => Promise<number | undefined>,
    /** Keeps two writers from losing each other's entry. */
    private readonly lock: Lock,
  ) {}

  async get(origin: string): Promise<Secret | undefined> {
    const {origins} = await this.read()
    return Object.hasOwn(origins, origin) ? origins[origin] : undefined
  }

  async set(origin: string, secret: Secret): Promise<void> {
    await this.exclusively(async () => {
      const stored = await this.read()
      await this.write({...stored.origins, [origin]: secret})
    })
  }

  async delete(origin: string): Promise<boolean> {
    return this.exclusively(async () => {
      const {[origin]: gone, ...rest} = (await this.read()).origins
      if (gone) await this.write(rest)
      return gone !== undefined
    })
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.lock.hold({waitMs: LOCK_WAIT_MS, command: 'agnes sign-in'}, work)
  }

  private async write(origins: Stored['origins']): Promise<void> {
    await this.files.writeAtomic(PATH, JSON.stringify({format: 1, origins}, null, 2) + '\n', {
      mode: 0o600,
    })
  }

  private async read(): Promise<Stored> {
    const text = await this.files.readText(PATH)
    if (text === undefined) return {format: 1, origins: {}}
    const path = this.files.absolute(PATH)
    const mode = await this.modeOf(path)
    if (mode !== undefined && (mode & 0o077) !== 0)
      throw new UsageError(`${path} can be read by other users, so it is not used.`, {
        code: 'credentials_exposed',
        hint: `Run: chmod 600 ${path}, and get a new token if others may have read this one.`,
        details: {path, mode: mode.toString(8)},
      })
    try {
      return parseStored(text)
    } catch (error) {
      throw new UsageError(`${path} is damaged and was left as it is.`, {
        code: 'credentials_damaged',
        hint: 'Move the file away and sign in again with `agnes init`.',
        details: {path},
        cause: error,
      })
    }
  }
}

function parseStored(text: string): Stored {
  const document: unknown = JSON.parse(text)
  if (isFields(document) && document.format === 1 && isFields(document.origins)) {
    const entries = Object.entries(document.origins)
    if (entries.every(([, secret]) => hasTexts(secret, 'token', 'email')))
      return {format: 1, origins: document.origins as Stored['origins']}
  }
  throw new SyntaxError('This is no list of credentials.')
}
