/**
 * Why: access to one table as a chain of facts, each with what would change it. Two chains: what one
 * person can find out about themselves, and what an administrator can about somebody. A fact that could
 * not be found out is `unknown` and says why; nothing is concluded from it. This room changes nothing
 * and tells a person nothing about tables the server does not tell them of.
 */

export type WhyState = 'yes' | 'no' | 'unknown'

export interface WhyStep {
  step:
    'token' | 'account' | 'groups' | 'grant' | 'listed' | 'registry' | 'mode' | 'local' | 'snapshot'
  state: WhyState
  /** A sentence. Holds names as the server sent them: sanitize it. */
  what: string
  /** The command that would change it; `null` where none would, or none can be typed safely. */
  fix: string | null
  /** Who can type it. */
  fixBy: 'you' | 'administrator' | 'them' | null
}

export interface WhyResult {
  /** As typed, or by its name where the server knows it. */
  table: string
  /** E-mail; `null` when nothing says who asks. */
  user: string | null
  /** Origin; `null` when none is known. */
  server: string | null
  /** `local`: answers from disk here. `pull`: can be fetched. `remote`: answers on the server. `none`: no access. */
  verdict: 'local' | 'pull' | 'remote' | 'none' | 'unknown'
  /** One sentence. */
  summary: string
  steps: WhyStep[]
}

type Fix = Pick<WhyStep, 'fix' | 'fixBy'>

export const noFix: Fix = {fix: null, fixBy: null}

/** A command for somebody to paste; `null` when a name in it would mean something else to a shell. */
export function fixBy(who: NonNullable<WhyStep['fixBy']>, ...words: string[]): Fix {
  const typed = words.map(shellWord)
  if (typed.some((word) => word === undefined)) return noFix
  return {fix: ['agnes', ...typed].join(' '), fixBy: who}
}

/** Servers choose names, and people paste commands: only what cannot be anything else is quoted. */
function shellWord(word: string): string | undefined {
  if (/^[A-Za-z0-9_.@:/+=-]+$/.test(word))
    return word.startsWith('-') && !/^--?[a-z]/.test(word) ? undefined : word
  return /^[\p{L}\p{N}_.@&+() -]+$/u.test(word) && !word.startsWith('-') ? `'${word}'` : undefined
}

export function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : [...names].sort().join(', ')
}
