import type {ErrorDocument} from '../errors.js'

/** What `verify` found, and with `--repair` what became of it. The `--json` document. */
export interface VerifyReport {
  /** Absolute path. */
  workspace: string
  /** Nothing is wrong, or everything that was has been mended. */
  isWhole: boolean
  checked: {tables: number; files: number; bytes: number}
  problems: FileProblem[]
  /** Files that no table owns. Empty when tables were named. */
  leftovers: Leftover[]
  /** Downloads that the next pull goes on with. */
  unfinished: {files: number; bytes: number}
  catalog: CatalogCheck
  /** Why what was known about the tables could not be read; `null` when it could. */
  stateDamage: string | null
  /** `null` without `--repair`, or when there was nothing to mend. */
  repair: RepairOutcome | null
}

export interface FileProblem {
  table: string
  /** Relative to the workspace. */
  path: string
  /** `truncated`: shorter than installed. `changed`: longer, or other bytes. */
  kind: 'missing' | 'truncated' | 'changed'
  expectedBytes: number
  /** `null` when the file is missing. */
  foundBytes: number | null
  isRepaired: boolean
}

export interface Leftover {
  path: string
  /**
   * `temporary`: half-written file of a killed agnes. `orphan`: unfinished download of bytes that are
   * installed already. `unowned`: agnes knows no table for it; it is never removed.
   */
  kind: 'temporary' | 'orphan' | 'unowned'
  sizeBytes: number
  isRemoved: boolean
}

export interface CatalogCheck {
  /** `absent`: no file yet. `unchecked`: it could not be opened, for the `reason` given. */
  state: 'ok' | 'broken' | 'absent' | 'unchecked'
  reason: string | null
  brokenViews: {view: string; error: string}[]
}

export interface RepairOutcome {
  /** Tables that were fetched again, or tried. */
  tables: string[]
  /** Those that could not be fetched, and why. */
  failed: {table: string; error: string}[]
  /** Why fetching stopped altogether; `null` when it did not. */
  error: ErrorDocument['error'] | null
}

/** Corruption that stands: what exit code 10 is about. */
export function isBroken({problems, catalog}: Pick<VerifyReport, 'problems' | 'catalog'>): boolean {
  return problems.some(({isRepaired}) => !isRepaired) || catalog.state === 'broken'
}
