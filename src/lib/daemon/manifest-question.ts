import {createHash} from 'node:crypto'
import type {HttpClient, JsonAnswer} from '../ports/http-client.js'

const MANIFEST = '/api/sync/manifest'
const NOTES = '/api/memory/bundle'

export interface QuestionAnswer {
  /** Something a pull would bring differs from the last answer; true for the first. */
  isChanged: boolean
  /** The server answers 304, so asking often costs it little. */
  isConditional: boolean
  requests: number
}

/**
 * Whether anything a pull would bring has changed on one server since the last question: one conditional
 * request for the manifest and one for the notes, whatever the number of workspaces.
 */
export class ManifestQuestion {
  private readonly known = new Map<string, {etag: string | undefined; digest: string}>()

  /** Rejects as `HttpClient` does where the manifest cannot be had; without notes a server is whole. */
  async ask(http: HttpClient, signal: AbortSignal): Promise<QuestionAnswer> {
    const manifest = await this.askFor(http, MANIFEST, signal)
    const notes = await this.askFor(http, NOTES, signal).catch(() => {
      signal.throwIfAborted()
      return {isChanged: false, isConditional: true}
    })
    return {
      isChanged: manifest.isChanged || notes.isChanged,
      isConditional: manifest.isConditional,
      requests: 2,
    }
  }

  private async askFor(
    http: HttpClient,
    path: string,
    signal: AbortSignal,
  ): Promise<{isChanged: boolean; isConditional: boolean}> {
    const before = this.known.get(path)
    const request = before?.etag ? {etag: before.etag} : {}
    const answer = await http.requestJson('GET', path, request, signal)
    if (answer.status === 304) return {isChanged: false, isConditional: true}
    const {etag} = answer.headers
    const digest = contentDigest(answer)
    this.known.set(path, {etag, digest})
    return {isChanged: digest !== before?.digest, isConditional: etag !== undefined}
  }
}

/** Of what the answer says, but not when it was said. */
function contentDigest({body}: JsonAnswer): string {
  const {server_time: _now, ...content} = (body ?? {}) as Record<string, unknown>
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}
