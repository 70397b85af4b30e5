import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
} from 'yaml'
import {UsageError} from '../errors.js'
import {nearestName} from '../nearest-name.js'
import {invalid, type FileProblem} from './file-problems.js'

export interface YamlEntry {
  key: string
  line: number
  value: Node | null
}

/** More than one file of access has any use for; each one that is followed counts, so none can multiply. */
const MAX_ALIASES = 100
const MAX_BYTES = 16 * 1024 * 1024

/**
 * A YAML document read node by node, so that everything wrong with it can be told with its line. Reading
 * goes on behind a problem; `finish` throws all of them at once (`UsageError`, code
 * `invalid_access_file`).
 */
export class YamlReader {
  private readonly problems: FileProblem[] = []
  private readonly lines = new LineCounter()
  private readonly document: Document
  private aliases = 0

  constructor(
    text: string,
    /** For messages. */
    private readonly path: string,
  ) {
    if (Buffer.byteLength(text) > MAX_BYTES)
      throw new UsageError(`${path} is larger than 16 MiB.`, {
        code: 'invalid_access_file',
        hint: 'Split it: sections that a file does not have are left alone.',
      })
    try {
      // Keys are compared here, as texts, where the line of the second one is known.
      const options = {lineCounter: this.lines, prettyErrors: false, uniqueKeys: false}
      this.document = parseDocument(text, options)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw invalid(path, [{line: 1, message: 'it is nested too deeply'}], error)
    }
    for (const {pos, message} of [...this.document.errors, ...this.document.warnings])
      this.refuseAt(this.lines.linePos(pos[0]).line, firstLine(message))
    if (this.problems.length > 0) this.finish()
  }

  get root(): Node | null {
    return this.document.contents as Node | null
  }

  refuseAt(line: number, message: string): void {
    this.problems.push({line, message})
  }

  refuse(node: Node | null, message: string, fallbackLine = 1): void {
    this.refuseAt(this.lineOf(node) ?? fallbackLine, message)
  }

  lineOf(node: Node | null): number | undefined {
    return node?.range ? this.lines.linePos(node.range[0]).line : undefined
  }

  /** Follows an alias; an alias that cannot be followed is refused. */
  resolved(node: Node | null): Node | null {
    if (!isAlias(node)) return node
    this.aliases += 1
    if (this.aliases > MAX_ALIASES) {
      this.refuse(node, `more than ${MAX_ALIASES} aliases are not followed`)
      this.finish()
    }
    return (node.resolve(this.document) as Node | undefined) ?? null
  }

  /** The entries of a mapping; an absent value is an empty one. `what` names it in messages. */
  entries(node: Node | null, what: string, line: number): YamlEntry[] {
    const map = this.resolved(node)
    if (isNothing(map)) return []
    if (!isMap(map)) {
      this.refuse(map, `${what} must be a mapping, written "name: …"`, line)
      return []
    }
    const seen = new Map<string, number>()
    return map.items.flatMap(({key, value}) => {
      const at = this.lineOf(key as Node) ?? line
      const name = scalarText(this.resolved(key as Node))
      if (name === undefined || name.trim() === '' || name === '<<') {
        this.refuseAt(at, `a key of ${what} must be a text`)
        return []
      }
      const before = seen.get(name)
      if (before !== undefined) {
        this.refuseAt(at, `${name} is in ${what} twice, first on line ${before}`)
        return []
      }
      seen.set(name, at)
      return [{key: name, line: at, value: (value ?? null) as Node | null}]
    })
  }

  /** As `entries`, of a mapping with known keys. */
  known(
    node: Node | null,
    {what, line, keys}: {what: string; line: number; keys: readonly string[]},
  ): YamlEntry[] {
    return this.entries(node, what, line).filter((entry) => {
      if (keys.includes(entry.key)) return true
      const nearest = nearestName(entry.key, keys)
      const advice =
        nearest === undefined ? `known are ${keys.join(', ')}` : `did you mean ${nearest}?`
      this.refuseAt(entry.line, `${what} has no key ${entry.key}; ${advice}`)
      return false
    })
  }

  /** The items of a list with their lines; an absent value is an empty one. */
  items(node: Node | null, what: string, line: number): {node: Node | null; line: number}[] {
    const list = this.resolved(node)
    if (isNothing(list)) return []
    if (!isSeq(list)) {
      this.refuse(list, `${what} must be a list, written "- …" or "[…]"`, line)
      return []
    }
    return list.items.map((item) => ({
      node: item as Node,
      line: this.lineOf(item as Node) ?? line,
    }))
  }

  /** A text as it is written: `007` and `no` stay what they are. `undefined` after a refusal. */
  text(node: Node | null, what: string, line: number): string | undefined {
    const text = scalarText(this.resolved(node))
    if (text === undefined) this.refuse(node, `${what} must be a text`, line)
    return text
  }

  /** Any value, as JSON has it. */
  value(node: Node | null): unknown {
    const found = this.resolved(node)
    if (isScalar(found)) return typeof found.value === 'bigint' ? String(found.value) : found.value
    if (isSeq(found)) return found.items.map((item) => this.value(item as Node))
    if (isMap(found))
      return Object.fromEntries(
        this.entries(found, 'a value', this.lineOf(found) ?? 1).map(({key, value}) => [
          key,
          this.value(value),
        ]),
      )
    return null
  }

  /** Throws when anything was wrong. */
  finish(): void {
    if (this.problems.length > 0) throw invalid(this.path, this.problems)
  }
}

export function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null)
}

function scalarText(node: Node | null): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined
  const {value, source} = node as Scalar
  return typeof value === 'string' ? value : (source ?? String(value))
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
