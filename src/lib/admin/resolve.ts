import {ConflictError, MissingError, UsageError} from '../errors.js'
import {nearestNames} from '../query/nearest-names.js'

/** One thing that can be named: its id, and other names people know it by. */
export interface Named<Thing> {
  thing: Thing
  id: string
  /** The first is the one shown. */
  names: readonly string[]
}

/** What is looked for, in words, for messages and stable codes. */
export interface Kind {
  /** `group`; also the start of `group_not_found` and `group_ambiguous`. */
  word: string
  /** The command that lists all of them. */
  listCommand: string
}

export interface ResolveOptions {
  /**
   * For verbs that cannot be taken back: then only a whole id, a whole name that nothing else has, or a
   * prefix of an id of at least `MIN_PREFIX` characters names a thing; the beginning of a name does not.
   */
  isDestructive?: boolean
}

/** Shorter beginnings of an id name nothing: they would change their meaning with the next row. */
export const MIN_PREFIX = 4

/**
 * The one thing `reference` names. In this order, the first that fits counts: a whole id; a whole name;
 * the same name in other case; the beginning of an id; the beginning of a name. Two that fit equally
 * well are a `ConflictError` (`…_ambiguous`) with the candidates; none is a `MissingError`
 * (`…_not_found`) with the nearest names. Pure.
 */
export function resolveOne<Thing>(
  reference: string,
  all: readonly Named<Thing>[],
  kind: Kind,
  options: ResolveOptions = {},
): Thing {
  const wanted = reference.trim()
  if (wanted === '')
    throw new UsageError(`Name the ${kind.word}: an empty text names none.`, {
      hint: `See what there is: ${kind.listCommand}`,
    })
  for (const fits of stages(wanted, options.isDestructive ?? false)) {
    const found = all.filter(fits)
    if (found.length === 1) return found[0]!.thing
    if (found.length > 1) throw ambiguous(wanted, found, kind)
  }
  throw missing(wanted, all, kind)
}

type Fits = (one: Named<unknown>) => boolean

function stages(wanted: string, isDestructive: boolean): Fits[] {
  const folded = wanted.toLowerCase()
  const exact: Fits[] = [
    ({id}) => id === wanted,
    ({names}) => names.includes(wanted),
    ({names}) => names.some((name) => name.toLowerCase() === folded),
  ]
  const idPrefix: Fits = ({id}) => id.toLowerCase().startsWith(folded)
  const namePrefix: Fits = ({names}) => names.some((name) => name.toLowerCase().startsWith(folded))
  if (wanted.length < MIN_PREFIX) return isDestructive ? exact : [...exact, namePrefix]
  return isDestructive ? [...exact, idPrefix] : [...exact, idPrefix, namePrefix]
}

const SHOWN = 5

function ambiguous(wanted: string, found: readonly Named<unknown>[], kind: Kind): ConflictError {
  const shown = found.slice(0, SHOWN).map(({id, names}) => `${id} (${names[0] ?? id})`)
  const more = found.length > SHOWN ? `, and ${found.length - SHOWN} more` : ''
  const list = onOneLine(shown)
  return new ConflictError(`"${wanted}" fits ${found.length} ${kind.word}s: ${list}${more}.`, {
    code: `${kind.word}_ambiguous`,
    hint: 'Give the whole id.',
    details: {reference: wanted, candidates: found.map(({id, names}) => ({id, names}))},
  })
}

function missing(wanted: string, all: readonly Named<unknown>[], kind: Kind): MissingError {
  const similar = nearestNames(
    wanted,
    all.flatMap(({names}) => [...names]),
  ).slice(0, 3)
  const nearest = similar.length === 0 ? '' : `Similar: ${onOneLine(similar)}. `
  return new MissingError(`There is no ${kind.word} "${wanted}".`, {
    code: `${kind.word}_not_found`,
    hint: `${nearest}See what there is: ${kind.listCommand}`,
    details: {reference: wanted, similar},
  })
}

/** Whoever prints it takes out what acts on a terminal; that a name cannot pass for a second line is ours. */
function onOneLine(names: readonly string[]): string {
  return names.join(', ').replace(/\s+/g, ' ')
}
