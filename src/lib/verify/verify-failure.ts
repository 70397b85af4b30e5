import {IntegrityError, PartialError, type AgnesError} from '../errors.js'
import type {RepairOutcome, VerifyReport} from './verify-report.js'

/** The failure a report stands for; `null` when all is whole. Exit code 10 for corruption that stays. */
export function verifyFailure(report: VerifyReport): AgnesError | null {
  if (report.isWhole) return null
  const {repair, problems, catalog, stateDamage} = report
  const tables = [
    ...new Set(problems.flatMap(({table, isRepaired}) => (isRepaired ? [] : [table]))),
  ]
  if (tables.length === 0 && catalog.state !== 'broken' && stateDamage === null)
    return new PartialError(`The tables are whole, but not all was renewed: ${reasonOf(repair)}`, {
      hint: repair?.error?.hint ?? 'Run: agnes pull',
    })
  const why = reasonOf(repair) === '' ? '' : ` Fetching again failed: ${reasonOf(repair)}`
  return new IntegrityError(`${whatText(tables, report)}.${why}`, {
    code: 'corruption_found',
    hint:
      repair === null
        ? 'Run `agnes verify --repair` to fetch what is broken again.'
        : (repair.error?.hint ??
          'Run `agnes pull`; if it stays, ask your administrator to publish the table again.'),
    details: {tables, catalog: catalog.state},
  })
}

function reasonOf(repair: RepairOutcome | null): string {
  const [failed] = repair?.failed ?? []
  return repair?.error?.message ?? (failed ? `${failed.table}: ${failed.error}` : '')
}

function whatText(tables: readonly string[], {catalog}: VerifyReport): string {
  const shown = tables.slice(0, 5).join(', ') + (tables.length > 5 ? ', …' : '')
  if (tables.length === 1) return `The table ${shown} is not as it was installed`
  if (tables.length > 1) return `${tables.length} tables are not as they were installed: ${shown}`
  return catalog.state === 'broken'
    ? 'The catalog file does not show the installed tables'
    : 'The record of what is installed is damaged'
}
