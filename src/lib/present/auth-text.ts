import type {Identity} from '../auth/who-am-i.js'
import type {LoginOutcome} from '../auth/login.js'
import type {LogoutOutcome} from '../auth/logout.js'
import type {NewToken, PersonalToken} from '../auth/tokens.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

const SOURCES: Record<string, string> = {
  environment: 'AGNES_TOKEN',
  keychain: 'keychain of this computer',
  file: 'credentials.json, readable by you only',
  legacy: 'token.json of the reference client',
}

const STATES = {active: 'green', expired: 'yellow', revoked: 'dim'} as const

export function loginText(outcome: LoginOutcome, terminal: Terminal): string {
  const {server, email, expiresAt, credentialStore} = outcome
  if (!terminal.isTty)
    return row([server, email ?? '', credentialStore, expiresAt ?? '', outcome.method])
  const who = email === null ? 'Signed in' : `Signed in as ${sanitizeLine(email)}`
  const until = expiresAt === null ? '' : ` until ${expiresAt.slice(0, 10)}`
  return `${paint(terminal, 'green', who)} at ${server}${until}. The token is kept in: ${sourceText(credentialStore)}.`
}

/** What a person does next while the browser is waited for; goes to stderr. */
export function addressText(
  url: string,
  {isOpened, canPaste}: {isOpened: boolean; canPaste: boolean},
): string {
  const what = isOpened ? 'Your browser opens. If it does not, open' : 'Open'
  const or = canPaste ? 'or paste a token here (it is not shown): ' : ''
  return `${what} this address on this computer:\n\n  ${url}\n\n${or}`
}

export function identityText(identity: Identity, terminal: Terminal): string {
  const rows = [
    ['server', identity.server],
    ['user', identity.email ?? 'the token does not say'],
    ['token', tokenText(identity)],
    ['source', terminal.isTty ? sourceText(identity.source) : identity.source],
    ['expires', expiryText(identity, terminal)],
    ['checked', identity.isVerified ? 'accepted by the server' : 'not asked; see --verify'],
    ...(identity.groups === null ? [] : [['groups', identity.groups.join(', ') || 'none']]),
    ...(identity.surface === null ? [] : [['surface', surfaceText(identity.surface)]]),
  ].map(([key = '', value = '']) => [key, sanitizeLine(value)])
  if (!terminal.isTty) return rows.map(row).join('\n')
  return alignColumns(rows.map(([key = '', value = '']) => [capital(key), value])).join('\n')
}

export function logoutText(outcome: LogoutOutcome, terminal: Terminal): string {
  const {server, forgotten, isRevoked} = outcome
  if (!terminal.isTty)
    return row([server, isRevoked ? 'revoked' : 'not revoked', forgotten.join(',')])
  if (!outcome.wasSignedIn) return `You were not signed in at ${server}.`
  const there = isRevoked ? `revoked at ${server}` : `not revoked at ${server}`
  const here = forgotten.length === 0 ? 'nothing was stored here' : 'forgotten here'
  return `Signed out: the token is ${there}, and ${here}.`
}

/** In a pipe: id, name, state, created, expires, last used. */
export function tokensText(
  {tokens}: {tokens: readonly PersonalToken[]},
  terminal: Terminal,
): string {
  const day = (time: string | null, none: string) => (time === null ? none : time.slice(0, 10))
  if (!terminal.isTty)
    return tokens
      .map((token) =>
        row([
          token.id,
          token.name,
          token.state,
          token.createdAt,
          token.expiresAt,
          token.lastUsedAt,
        ]),
      )
      .join('\n')
  if (tokens.length === 0) return 'You have no tokens.'
  const head = ['ID', 'NAME', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED'].map((title) =>
    paint(terminal, 'bold', title),
  )
  const lines = tokens.map((token) => [
    sanitizeLine(token.id),
    sanitizeLine(token.name) + (token.isCurrent ? ' (this one)' : ''),
    paint(terminal, STATES[token.state], token.state),
    day(token.createdAt, ''),
    day(token.expiresAt, 'never'),
    day(token.lastUsedAt, 'never'),
  ])
  return alignColumns([head, ...lines]).join('\n')
}

/** In a pipe the token alone, for scripts. */
export function newTokenText(made: NewToken, terminal: Terminal): string {
  if (!terminal.isTty) return made.token
  const until =
    made.expiresAt === null ? 'never expires' : `expires on ${made.expiresAt.slice(0, 10)}`
  return [
    `Token "${sanitizeLine(made.name)}" (${sanitizeLine(made.id)}) ${until}. It is shown this once:`,
    '',
    sanitizeLine(made.token),
  ].join('\n')
}

export function revokedText(
  {token, wasRevoked}: {token: PersonalToken; wasRevoked: boolean},
  terminal: Terminal,
): string {
  if (!terminal.isTty) return row([token.id, token.name, 'revoked'])
  const what = `"${sanitizeLine(token.name)}" (${sanitizeLine(token.id)})`
  return wasRevoked ? `${what} was revoked before.` : `Revoked ${what}: it stopped working at once.`
}

function tokenText({tokenName, tokenKind}: Identity): string {
  const kind =
    tokenKind === 'session' ? 'session' : tokenKind === 'personal' ? 'personal token' : 'token'
  return tokenName === null ? kind : `${kind} "${tokenName}"`
}

function expiryText({expiresAt, isExpired, tokenKind}: Identity, terminal: Terminal): string {
  if (expiresAt === null) return tokenKind === null ? 'the token does not say' : 'never'
  const time = terminal.isTty ? expiresAt.slice(0, 16).replace('T', ' ') + ' UTC' : expiresAt
  return isExpired ? `${time} (expired)` : time
}

function surfaceText(surface: string): string {
  return surface === 'stack' ? 'stack (tables of your own stack only)' : surface
}

function sourceText(kind: string): string {
  return SOURCES[kind] ?? kind
}

function row(cells: readonly (string | null)[]): string {
  return cells.map((cell) => sanitizeLine(cell ?? '')).join('\t')
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
