import {readFileSync} from 'node:fs'
import {join} from 'node:path'

export interface RecordedExchange {
  label: string
  request: {method: string; path: string; headers: Record<string, string>; body?: {text?: string}}
  response: {status: number; headers: Record<string, string>; body: RecordedBody}
}

type RecordedBody = {text?: string; base64?: string; bytes?: number; md5?: string; empty?: boolean}

export const recordedVersions = ['v0.48.0', 'v0.84.8'] as const

/** Real exchanges with a server of that version, in the order they were made. */
export function recorded(version: (typeof recordedVersions)[number]): RecordedExchange[] {
  const file = join(import.meta.dirname, '../fixtures/recorded', `${version}.jsonl`)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as RecordedExchange)
}

export function recordedBytes({text, base64}: RecordedBody): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  return Buffer.from(text ?? '')
}
