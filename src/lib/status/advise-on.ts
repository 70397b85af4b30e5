import type {StatusReport} from './read-status.js'

const DAY_MS = 86_400_000
type Facts = Omit<StatusReport, 'advice'>
const EXPIRY_WARNING_DAYS = 7
const STALE_DAYS = 2

/** What a person should do about a status, as sentences that name a command. Empty when all is well. */
export function adviseOn(report: Facts): string[] {
  return [...signInAdvice(report), ...tableAdvice(report), ...workspaceAdvice(report)]
}

function signInAdvice({server, signedIn, credentialProblem, checkedAt}: Facts): string[] {
  if (server === null) return ['No server is known. Run: agnes init --server-url URL']
  const signIn = `agnes init --server-url ${server} --token-stdin`
  if (credentialProblem !== null)
    return [`${credentialProblem} Repair that, or sign in again: ${signIn}`]
  if (signedIn === null) return [`Nobody is signed in. Run: ${signIn}`]
  if (signedIn.isExpired)
    return [`The token has expired. Get a new one from your server, then run: ${signIn}`]
  if (signedIn.expiresAt === null) return []
  const leftMs = Date.parse(signedIn.expiresAt) - Date.parse(checkedAt)
  const daysLeft = Math.ceil(leftMs / DAY_MS)
  if (daysLeft > EXPIRY_WARNING_DAYS) return []
  return [
    `The token expires in ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}. Get a new one from your server, then run: ${signIn}`,
  ]
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

function workspaceAdvice({isInitialized, hooks, catalogBehind, server}: Facts): string[] {
  const advice: string[] = []
  if (catalogBehind !== null)
    advice.push('The catalog file for other tools is older than the tables. Run: agnes pull')
  if (server === null) return advice
  if (!isInitialized) advice.push('The workspace was not set up to the end. Run: agnes init')
  else if (hooks === 'missing' || hooks === 'outdated')
    advice.push('Claude Code sessions do not keep this workspace fresh. Run: agnes init')
  else if (hooks === 'unreadable')
    advice.push('.claude/settings.json is not valid. Repair it, then run: agnes init')
  return advice
}
