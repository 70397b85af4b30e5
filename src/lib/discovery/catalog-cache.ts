import {createHash} from 'node:crypto'
import {workspacePaths} from '../config/paths.js'
import {AgnesError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import {isFields} from '../wire/read-fields.js'

/** Whose answers these are: another person on the same computer, or another server, shares none of them. */
export interface CacheOwner {
  origin: string
  /** E-mail of the token, or a hash of a token that does not say. */
  user: string
}

export interface CachedAnswer {
  /** ISO 8601. */
  fetchedAt: string
  body: unknown
}

/** Descriptions are small; an answer above this is not kept. */
const MAX_BODY_LENGTH = 16 * 1024 * 1024
const MAX_FILES = 200

/**
 * Answers that describe data (catalog, schemas, metrics), kept for when the server cannot be reached;
 * never rows of data. One file per owner and question, so that two commands at once disturb nobody.
 * Losing it costs nothing: damage reads as absent.
 */
export class CatalogCache {
  constructor(
    private readonly files: Files,
    private readonly clock: Clock,
    private readonly owner: CacheOwner,
  ) {}

  async read(key: string): Promise<CachedAnswer | undefined> {
    const text = await this.files.readText(this.pathOf(key))
    if (text === undefined) return undefined
    try {
      const document: unknown = JSON.parse(text)
      return this.isOurs(document, key) ? document : undefined
    } catch {
      return undefined
    }
  }

  /** A full disk, or a folder nobody may write to, only means that this is not there later. */
  async write(key: string, body: unknown): Promise<void> {
    try {
      await this.keep(key, body)
    } catch (error) {
      if (!(error instanceof AgnesError)) throw error
    }
  }

  private async keep(key: string, body: unknown): Promise<void> {
    const fetchedAt = new Date(this.clock.now()).toISOString()
    const text = JSON.stringify({format: 1, ...this.owner, key, fetchedAt, body})
    if (text.length > MAX_BODY_LENGTH) return this.forget(key)
    await this.files.writeAtomic(this.pathOf(key), text, {mode: 0o600, isDurable: false})
    await this.sweep()
  }

  /** For what the server no longer shows this person. */
  async forget(key: string): Promise<void> {
    await this.files.remove(this.pathOf(key))
  }

  private isOurs(document: unknown, key: string): document is CachedAnswer {
    const {origin, user} = this.owner
    return (
      isFields(document) &&
      document.format === 1 &&
      document.origin === origin &&
      document.user === user &&
      document.key === key &&
      typeof document.fetchedAt === 'string' &&
      'body' in document
    )
  }

  private pathOf(key: string): string {
    const {origin, user} = this.owner
    const name = createHash('sha256')
      .update(JSON.stringify([origin, user, key]))
      .digest('hex')
    return `${workspacePaths.catalogCache}/${name.slice(0, 32)}.json`
  }

  /** Keeps the newest. */
  private async sweep(): Promise<void> {
    const names = (await this.files.list(workspacePaths.catalogCache)).filter((name) =>
      name.endsWith('.json'),
    )
    if (names.length <= MAX_FILES) return
    const paths = names.map((name) => `${workspacePaths.catalogCache}/${name}`)
    const facts = await this.files.statMany(paths)
    const ages = paths.map((path) => [facts.get(path)?.mtimeMs ?? 0, path] as const)
    ages.sort(([a], [b]) => b - a)
    for (const [, path] of ages.slice(MAX_FILES)) await this.files.remove(path)
  }
}
