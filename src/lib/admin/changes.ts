import {AgnesError, PartialError} from '../errors.js'

/** One thing a verb did, or found done. */
export interface Change {
  /** `created`, `deleted`, `granted`, `revoked`, `added`, `removed`, `deactivated`, `updated`, `replaced`, … */
  action: string
  /** `group`, `user`, `member`, `grant`, `table`, `metric`. */
  kind: string
  id: string
  /** As people call it. A grant: its type and resource. */
  name: string
  /** The group it was added to, granted to, removed from; `null` where there is none. */
  group: string | null
  /** False where it was so already and nothing had to be done. */
  isNew: boolean
}

/** One thing a verb could not do. */
export interface FailedChange {
  /** As it was named on the command line. */
  reference: string
  code: string
  message: string
}

/** The document of every verb that changes something. */
export interface ChangeResult {
  /** In the order they were asked for. */
  changes: Change[]
  failed: FailedChange[]
}

/**
 * Does one thing after the other and goes on past what fails. One thing that fails is that error; of
 * several, all that fail for the same reason are that error too.
 */
export async function changeEach(
  references: readonly string[],
  change: (reference: string) => Promise<Change>,
  signal: AbortSignal,
): Promise<ChangeResult> {
  const result: ChangeResult = {changes: [], failed: []}
  const errors: AgnesError[] = []
  for (const reference of new Set(references)) {
    signal.throwIfAborted()
    try {
      result.changes.push(await change(reference))
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof AgnesError) || isFinal(error)) throw error
      errors.push(error)
      result.failed.push({reference, code: error.code, message: error.message})
    }
  }
  const [first] = errors
  if (first && result.changes.length === 0 && errors.every(({code}) => code === first.code))
    throw first
  return result
}

/** Without sign-in, rights or a server the rest would fail the same way. */
export function isFinal(error: AgnesError): boolean {
  return [7, 8, 9].includes(error.exitCode)
}

/** What to tell on stderr, with exit code 12, when not all was done; `undefined` when it was. */
export function shortfall({changes, failed}: ChangeResult): PartialError | undefined {
  if (failed.length === 0) return undefined
  const total = changes.length + failed.length
  const told = failed.map(({reference, message}) => `${reference}: ${message}`).join('\n  ')
  return new PartialError(`Done: ${changes.length} of ${total}. Not done:\n  ${told}`, {
    hint: 'Correct what is named here and run it again: what is done stays done.',
    details: {done: changes.length, failed},
  })
}

/** A verb that did one thing. */
export function oneChange(change: Change): ChangeResult {
  return {changes: [change], failed: []}
}
