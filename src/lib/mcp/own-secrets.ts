import {findSecret} from '../credentials/find-secret.js'
import {AgnesError} from '../errors.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {McpSurroundings} from './tool.js'

/** So long a token is remembered; one that was replaced meanwhile is read again then. */
const REMEMBER_MS = 30_000
/** Shorter ones would be found in honest words. */
const SHORTEST = 8

/**
 * The token this computer signs in with, to be taken out of everything an agent reads, whatever form it is
 * in. Secrets of others are found by their looks instead, see `redactText`.
 */
export class OwnSecrets {
  private known: {forms: Promise<readonly string[]>; atMs: number} | undefined

  constructor(private readonly place: {around: McpSurroundings; workspace: string | undefined}) {}

  forms(): Promise<readonly string[]> {
    const nowMs = this.place.around.clock.monotonicMs()
    if (!this.known || nowMs - this.known.atMs > REMEMBER_MS)
      this.known = {forms: this.read(), atMs: nowMs}
    return this.known.forms
  }

  private async read(): Promise<readonly string[]> {
    const {around, workspace} = this.place
    try {
      const {root} = await around.findWorkspace(workspace)
      const server = await around.serverOrigin(await readWorkspaceServer(around.filesAt(root)))
      const found = await findSecret(await around.secrets(), server)
      return found ? formsOf(found.secret.token) : []
    } catch (error) {
      // Without a workspace, a server or a readable store there is no token that could get out.
      if (error instanceof AgnesError) return []
      throw error
    }
  }
}

/** As it is, and as the usual encodings write it, also in the middle of a longer text. */
export function formsOf(token: string): string[] {
  if (token.length < SHORTEST) return []
  const bytes = Buffer.from(token)
  const hex = bytes.toString('hex')
  const forms = [token, encodeURIComponent(token), hex, hex.toUpperCase()]
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes])
    // The first and last characters depend on what stands beside the token.
    const from = Math.ceil((before * 8) / 6)
    const to = Math.floor((shifted.length * 8) / 6)
    for (const encoding of ['base64', 'base64url'] as const)
      forms.push(shifted.toString(encoding).slice(from, to))
  }
  forms.push(JSON.stringify(token).slice(1, -1))
  return [...new Set(forms)].sort((a, b) => b.length - a.length)
}

export function withoutForms(text: string, forms: readonly string[]): string {
  let result = text
  for (const form of forms)
    if (result.includes(form)) result = result.replaceAll(form, '[REDACTED-OWN-TOKEN]')
  return result
}
