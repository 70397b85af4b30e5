import type {FileProblem, Leftover, VerifyReport} from '../verify/verify-report.js'
import {bytesText, countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

const LEFTOVERS: Record<Leftover['kind'], string> = {
  temporary: 'half-written file',
  orphan: 'unfinished download of a table that is here already',
  unowned: 'not a file of any table; move it elsewhere if you need it',
}

/** What was found and mended. In a pipe: one finding a line, its kind first. */
export function verifyText(report: VerifyReport, terminal: Terminal): string {
  return terminal.isTty ? prose(report, terminal) : findings(report)
}

function prose(report: VerifyReport, terminal: Terminal): string {
  const {tables, files, bytes} = report.checked
  const problems = report.problems.map((problem) => [
    problem.isRepaired
      ? paint(terminal, 'green', 'repaired')
      : paint(terminal, 'red', problem.kind),
    sanitizeLine(problem.table),
    sizesText(problem),
    sanitizeLine(problem.path),
  ])
  const leftovers = report.leftovers.map(({path, kind, sizeBytes, isRemoved}) => [
    isRemoved ? 'removed' : 'leftover',
    bytesText(sizeBytes),
    `${sanitizeLine(path)} (${LEFTOVERS[kind]})`,
  ])
  const amount = `${countText(tables)} ${tables === 1 ? 'table' : 'tables'}, ${countText(files)} ${files === 1 ? 'file' : 'files'}, ${bytesText(bytes)} read`
  return [
    ...alignColumns(problems),
    ...alignColumns(leftovers),
    ...catalogLines(report),
    ...unfinishedLines(report),
    `${amount}: ${report.isWhole ? paint(terminal, 'green', 'everything is whole') : paint(terminal, 'red', 'not everything is whole')}.`,
  ].join('\n')
}

function sizesText({kind, expectedBytes, foundBytes}: FileProblem): string {
  if (foundBytes === null) return `${bytesText(Math.max(0, expectedBytes))} expected`
  if (foundBytes === expectedBytes || expectedBytes < 0)
    return `${bytesText(foundBytes)}, other bytes`
  const order = kind === 'truncated' ? 'of' : 'instead of'
  return `${countText(foundBytes)} ${order} ${countText(expectedBytes)} bytes`
}

function catalogLines({catalog, stateDamage}: VerifyReport): string[] {
  const lines = catalog.brokenViews.map(
    ({view, error}) => `view ${sanitizeLine(view)} does not work: ${sanitizeLine(error)}`,
  )
  if (catalog.state === 'broken' && lines.length === 0)
    lines.push(`The catalog file cannot be used: ${sanitizeLine(catalog.reason ?? '')}`)
  if (catalog.state === 'unchecked' && catalog.reason !== null)
    lines.push(`The catalog file was not checked: ${sanitizeLine(catalog.reason)}`)
  if (stateDamage !== null) lines.push(sanitizeLine(stateDamage))
  return lines
}

function unfinishedLines({unfinished: {files, bytes}}: VerifyReport): string[] {
  if (files === 0) return []
  return [`${bytesText(bytes)} of unfinished downloads are kept; agnes pull goes on with them.`]
}

function findings(report: VerifyReport): string {
  const {checked, problems, leftovers, catalog, unfinished} = report
  const rows: (string | number | null)[][] = [
    ['checked', checked.tables, checked.files, checked.bytes],
    ...problems.map((problem) => [
      problem.isRepaired ? 'repaired' : problem.kind,
      problem.table,
      problem.path,
      problem.expectedBytes,
      problem.foundBytes,
    ]),
    ...leftovers.map(({path, kind, sizeBytes, isRemoved}) => [
      isRemoved ? 'removed' : kind,
      path,
      sizeBytes,
    ]),
    ...catalog.brokenViews.map(({view, error}) => ['view', view, error]),
    ['catalog', catalog.state, catalog.reason],
    ['unfinished', unfinished.files, unfinished.bytes],
    ['whole', report.isWhole ? 'yes' : 'no'],
  ]
  return rows
    .map((row) => row.map((cell) => sanitizeLine(String(cell ?? ''))).join('\t'))
    .join('\n')
}
