import {sanitizeLine} from '../present/sanitize.js'
import type {TableNews} from './told-tables.js'

/** What a session may have to know about its data. */
export interface SessionFacts {
  /** How the refresh of this start went. */
  refresh:
    | {kind: 'unchanged' | 'pulled' | 'running' | 'handed_over' | 'offline'}
    | {kind: 'failed'; code: string; message: string}
  /** Since the last pull with nothing failed; `null` before the first. */
  ageMs: number | null
  staleAfterMs: number
  news: TableNews
  /** Until the token expires, negative when it has; `null` where it does not say. */
  tokenLeftMs: number | null
  /** A token that lasts longer is not worth telling. */
  renewMs: number
  /** Why the last push of transcripts failed; `null` when it did not. */
  pushFailure: string | null
}

const MAX_BYTES = 1024
const MAX_NAMES = 5
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Facts for the model, most important first, at most 1 KiB; `null` when there is nothing to know. */
export function sessionContext(facts: SessionFacts): string | null {
  const sentences = [
    failureSentence(facts),
    ageSentence(facts),
    runningSentence(facts),
    namesSentence('No longer available here', facts.news.vanished),
    namesSentence('New tables since the last session', facts.news.appeared),
    tokenSentence(facts),
    pushSentence(facts),
  ].filter((sentence) => sentence !== null)
  if (sentences.length === 0) return null
  let text = 'About the company data in this workspace (agnes):'
  for (const sentence of sentences) {
    const longer = `${text}\n- ${sentence}`
    if (Buffer.byteLength(longer) <= MAX_BYTES) text = longer
  }
  return text
}

function failureSentence({refresh, tokenLeftMs}: SessionFacts): string | null {
  if (refresh.kind !== 'failed') return null
  if (tokenLeftMs !== null && tokenLeftMs <= 0)
    return 'The tables were not refreshed because the sign-in has expired. `agnes doctor` says how to renew it.'
  return `The tables were not refreshed: ${cut(refresh.message)} \`agnes doctor\` says what to do.`
}

function ageSentence({refresh, ageMs, staleAfterMs}: SessionFacts): string | null {
  if (ageMs === null)
    return refresh.kind === 'offline'
      ? 'No tables were fetched yet, and the server does not answer.'
      : null
  if (ageMs <= staleAfterMs) return null
  const why = refresh.kind === 'offline' ? ' The server does not answer.' : ''
  return `The tables were last refreshed ${durationText(ageMs)} ago.${why} Say so when the figures matter.`
}

function runningSentence({refresh}: SessionFacts): string | null {
  if (refresh.kind !== 'running' && refresh.kind !== 'handed_over') return null
  return 'A refresh is still running in the background; until it ends, queries answer from the tables as they were. `agnes status` says how old they are.'
}

function namesSentence(title: string, names: readonly string[]): string | null {
  if (names.length === 0) return null
  const shown = names.slice(0, MAX_NAMES).map((name) => name.slice(0, 60))
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''
  return `${title}: ${shown.join(', ')}${more}.`
}

function tokenSentence({tokenLeftMs, renewMs}: SessionFacts): string | null {
  if (tokenLeftMs === null || tokenLeftMs <= 0 || tokenLeftMs > renewMs) return null
  return `The sign-in to the server expires in ${durationText(tokenLeftMs)}; the analyst needs a new token before that.`
}

function pushSentence({pushFailure}: SessionFacts): string | null {
  return pushFailure === null
    ? null
    : `Transcripts of earlier sessions could not be sent: ${cut(pushFailure)}`
}

export function durationText(ms: number): string {
  if (ms < HOUR_MS) return 'less than an hour'
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} hours`
  return `${Math.floor(ms / DAY_MS)} days`
}

/** One line, short: messages may quote a server. */
function cut(message: string): string {
  const line = sanitizeLine(message).trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
