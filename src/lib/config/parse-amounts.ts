import {UsageError} from '../errors.js'

const DURATIONS: Record<string, number> = {m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000}
const SIZES: Record<string, number> = {'': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40}

/** `30m`, `24h`, `7d`, `2w` in milliseconds. */
export function parseDuration(text: string, flag: string): number {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/i.exec(text.trim()) ?? []
  if (count !== undefined && unit !== undefined && Number(count) > 0)
    return Number(count) * DURATIONS[unit.toLowerCase()]!
  throw new UsageError(`--${flag} ${text} is not a length of time.`, {
    code: 'duration_invalid',
    hint: `Write a number and m, h, d or w, such as --${flag} 7d.`,
  })
}

/** `500m`, `1g`, `123` (bytes) of a flag, as in `sizeOf`. */
export function parseSize(text: string, flag: string): number {
  const bytes = sizeOf(text)
  if (bytes !== undefined) return bytes
  throw new UsageError(`--${flag} ${text} is not a size.`, {
    code: 'size_invalid',
    hint: `Write bytes, or a number and k, m, g or t, such as --${flag} 500m.`,
  })
}

/** The one way sizes are written, in flags and variables: bytes, or a unit in steps of 1024. */
export function sizeOf(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,16}(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? []
  if (count === undefined) return undefined
  const bytes = Math.floor(Number(count) * SIZES[unit.toLowerCase()]!)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
