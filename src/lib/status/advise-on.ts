import {quotePath} from '../workspace/quote-path.js'
import type {StatusReport} from './read-status.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
type Facts = Omit<StatusReport, 'advice'>
const EXPIRY_WARNING_DAYS = 7
const STALE_DAYS = 2

/** What a person should do about a status, as sentences that name a command. Empty when all is well. */
export function adviseOn(report: Facts): string[] {
  return [
    ...signInAdvice(report),
    ...tableAdvice(report),
    ...workspaceAdvice(report),
    ...expiryAdvice(report),
  ]
}

function signInAdvice({server, signedIn, credentialProblem}: Facts): string[] {
  if (server === null) return ['No server is known. Run: agnes init --server-url URL']
  const signIn = signInCommand(server)
  if (credentialProblem !== null)
    return [`${credentialProblem} Repair that, or sign in again: ${signIn}`]
  if (signedIn === null) return [`Nobody is signed in. Run: ${signIn}`]
  return signedIn.isExpired
    ? [`The token has expired. Get a new one from your server, then run: ${signIn}`]
    : []
}

function signInCommand(server: string): string {
  return `agnes init --server-url ${server} --token-stdin`
}

function expiryAdvice({server, signedIn, checkedAt}: Facts): string[] {
  if (server === null || !signedIn || signedIn.isExpired || signedIn.expiresAt === null) return []
  const leftMs = Date.parse(signedIn.expiresAt) - Date.parse(checkedAt)
  if (leftMs > EXPIRY_WARNING_DAYS * DAY_MS) return []
  const left = durationText(leftMs)
  return [
    `The token expires in ${left}. Get a new one from your server before that, then run: ${signInCommand(server)}`,
  ]
}

function durationText(ms: number): string {
  if (ms < HOUR_MS) return 'less than an hour'
  return ms > 2 * DAY_MS ? `${Math.floor(ms / DAY_MS)} days` : `${Math.ceil(ms / HOUR_MS)} hours`
}

function tableAdvice(report: Facts): string[] {
  const {tables, stateDamage, lastAttempt, lastSuccessAt, checkedAt} = report
  if (stateDamage !== null) return [`${stateDamage} Run: agnes pull`]
  const broken = tables.filter(({state}) => state === 'missing' || state === 'changed').length
  if (broken > 0)
    return [
      `${broken} ${broken === 1 ? 'table is' : 'tables are'} not as installed. Check and mend: agnes verify --repair`,
    ]
  if (lastAttempt !== null && lastAttempt.exitCode !== 0)
    return ['The last pull did not finish. Run: agnes pull']
  if (lastSuccessAt === null) return ['Nothing was pulled yet. Run: agnes pull']
  const ageMs = Date.parse(checkedAt) - Date.parse(lastSuccessAt)
  return ageMs > STALE_DAYS * DAY_MS ? ['The tables may be out of date. Run: agnes pull'] : []
}

function workspaceAdvice({
  isInitialized,
  hooks,
  catalogBehind,
  server,
  workspace,
}: Facts): string[] {
  const advice: string[] = []
  if (catalogBehind !== null)
    advice.push('The catalog file for other tools is older than the tables. Run: agnes pull')
  if (server === null) return advice
  const again = `Run: agnes init ${quotePath(workspace)}`
  if (!isInitialized) advice.push(`The workspace was not set up to the end. ${again}`)
  else if (hooks === 'missing' || hooks === 'outdated')
    advice.push(`Claude Code sessions do not keep this workspace fresh. ${again}`)
  else if (hooks === 'unreadable')
    advice.push(`.claude/settings.json is not valid. Repair it first. ${again}`)
  return advice
}
