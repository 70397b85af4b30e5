import {
  AuthError,
  ForbiddenError,
  MissingError,
  UnreachableError,
  type AgnesError,
} from '../errors.js'
import {nearestNames} from '../query/nearest-names.js'
import type {CatalogRow} from '../wire/catalog.js'
import {isBearable, type ServerAnswer, type ServerQuestion} from './ask-server.js'
import {readTables} from './list-tables.js'
import type {Discovery} from './open-discovery.js'

/** The catalog's row for what somebody typed: its id, its name, or either in another case. */
export function findRow(rows: readonly CatalogRow[], typed: string): CatalogRow | undefined {
  const exact = rows.find(({id}) => id === typed) ?? rows.find(({name}) => name === typed)
  if (exact) return exact
  const folded = typed.toLowerCase()
  const alike = rows.filter(
    ({id, name}) => id.toLowerCase() === folded || name.toLowerCase() === folded,
  )
  return alike.length === 1 ? alike[0] : undefined
}

/** The catalog for names only: where it cannot be had, a reason instead of a failure. */
export async function rowsIfAny(
  discovery: Discovery,
  signal: AbortSignal,
): Promise<{rows: CatalogRow[]; rowsAt: string | null; problem: AgnesError | null}> {
  try {
    const {rows, cached} = await readTables(discovery, signal)
    return {rows, rowsAt: cached?.fetchedAt ?? null, problem: null}
  } catch (error) {
    if (isBearable(error) || error instanceof ForbiddenError)
      return {rows: [], rowsAt: null, problem: error}
    throw error
  }
}

/**
 * A table nobody can be asked about now. What the server listed earlier, to a command or to the last
 * pull, tells whether it is a wrong name (`MissingError`); else the failure stays, with what is known.
 */
export function unansweredTable(
  table: {typed: string; row: CatalogRow | undefined; rows: readonly CatalogRow[]},
  {error, rowsAt}: {error: unknown; rowsAt: string | null},
  discovery: Discovery,
): unknown {
  const isAway = error instanceof UnreachableError || error instanceof AuthError
  if (!isAway) return error
  const {typed, row, rows} = table
  const {state, origin} = discovery
  const knownAt = rowsAt ?? state.lastSuccessAt
  const options = {code: error.code, cause: error, details: {...error.details, table: typed}}
  if (knownAt === null) return error
  const isListed = row !== undefined || isListedHere(typed, discovery)
  if (!isListed) {
    const unknown = unknownTable(typed, {rows, discovery, cause: error})
    return new MissingError(
      `${origin ?? 'The server'} listed no table ${typed} on ${knownAt}, nor is it here. ${error.message}`,
      {
        code: unknown.code,
        details: {...unknown.details, knownAt},
        cause: error,
        ...hintOf(unknown),
      },
    )
  }
  const message = `${error.message} On ${knownAt} the server listed ${typed}; more is not known here.`
  return error instanceof AuthError
    ? new AuthError(message, {...options, ...hintOf(error)})
    : new UnreachableError(message, {...options, ...hintOf(error)})
}

function hintOf({hint}: AgnesError): {hint?: string} {
  return hint === undefined ? {} : {hint}
}

function isListedHere(typed: string, {state}: Discovery): boolean {
  const folded = typed.toLowerCase()
  const names = [...state.tables.keys(), ...state.listed.map(({name}) => name)]
  return names.some((name) => name.toLowerCase() === folded)
}

/**
 * Asks about one table by the id its catalog row has, or as typed where no row fits. `ForbiddenError` and `MissingError` say
 * what to do; everything else is the server's own answer.
 */
export async function askAboutTable(
  table: {typed: string; row: CatalogRow | undefined; rows: readonly CatalogRow[]},
  question: (id: string) => ServerQuestion,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  try {
    return await discovery.server().ask(question(table.row?.id ?? table.typed), signal)
  } catch (error) {
    if (error instanceof ForbiddenError) throw forbiddenTable(table.typed, discovery, error)
    if (error instanceof MissingError && error.code !== 'not_cached')
      throw table.row
        ? notReadyTable(table.typed, error)
        : unknownTable(table.typed, {rows: table.rows, discovery, cause: error})
    throw error
  }
}

/** A path segment of the server. */
export function segment(id: string): string {
  return encodeURIComponent(id)
}

/** One sentence for the many ways a server says no: what, who can change it, the next command. */
export function forbiddenTable(
  name: string,
  {origin}: Pick<Discovery, 'origin'>,
  cause: ForbiddenError,
): ForbiddenError {
  return new ForbiddenError(`You may not read the table ${name} on ${origin}.`, {
    code: cause.code === 'forbidden' ? 'table_not_granted' : cause.code,
    hint: 'An administrator of the server can grant it to one of your groups. After that, run: agnes pull',
    details: {...cause.details, table: name, serverMessage: cause.message},
    cause,
  })
}

export function unknownTable(
  name: string,
  known: {rows: readonly CatalogRow[]; discovery: Discovery; cause?: unknown},
): MissingError {
  const {rows, discovery, cause} = known
  const names = new Set([
    ...rows.flatMap((row) => [row.id, row.name]),
    ...discovery.state.tables.keys(),
    ...discovery.state.listed.map((listed) => listed.name),
  ])
  const similar = nearestNames(name, names)
  const nearest = similar.length === 0 ? '' : `Similar names: ${similar.join(', ')}. `
  const where = discovery.origin === null ? 'here' : `on ${discovery.origin}, nor here`
  return new MissingError(`There is no table ${name} ${where}.`, {
    code: 'table_not_found',
    hint: `${nearest}See what there is: agnes catalog`,
    details: {table: name, similar},
    cause,
  })
}

function notReadyTable(name: string, cause: MissingError): MissingError {
  return new MissingError(`The server lists ${name} but has no data of it: ${cause.message}`, {
    code: 'table_not_ready',
    hint: 'Its first synchronisation may be pending. Try again later, or ask an administrator of the server.',
    details: {...cause.details, table: name},
    cause,
  })
}
