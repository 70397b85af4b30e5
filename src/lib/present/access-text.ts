import type {AccessAction, FieldChange, KeptThing} from '../access/access-model.js'
import type {AccessExport} from '../access/export-access.js'
import type {AppliedAction} from '../access/apply-access.js'
import type {ApplyResult} from '../access/apply-file-access.js'
import type {PlanResult} from '../access/plan-file-access.js'
import {quotePath} from '../workspace/quote-path.js'
import {alignColumns} from './columns.js'
import {sanitize, sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** The file itself; on a terminal without what a terminal would obey. */
export function exportText({yaml}: AccessExport, terminal: Terminal): string {
  return terminal.isTty ? sanitize(yaml) : yaml
}

/** A plan as a diff; in a pipe a line each: verb, kind, group, type, name, fields as JSON, reason. */
export function planText(plan: PlanResult, terminal: Terminal): string {
  if (!terminal.isTty) return planRows(plan).join('\n')
  const next = `agnes admin apply ${quotePath(plan.path)}${plan.prune ? ' --prune' : ''}`
  const withPlan = plan.planFile === null ? '' : ` --plan ${quotePath(plan.planFile)}`
  return [
    paint(terminal, 'dim', sanitizeLine(`${plan.path} -> ${plan.server}`)),
    planDiff(plan, terminal),
    plan.isUpToDate
      ? 'Nothing to change: the server is as the file says.'
      : `Nothing was changed yet. Next: ${sanitizeLine(next + withPlan)}`,
  ].join('\n')
}

type Shown = Pick<PlanResult, 'actions' | 'kept' | 'notices' | 'counts'>

/** The changes alone, as they are shown before somebody is asked. */
export function planDiff({actions, kept, notices, counts}: Shown, terminal: Terminal): string {
  const lines = alignColumns([
    ...actions.map((action) => diffCells(action)),
    ...kept.map((thing) => keptCells(thing)),
  ]).map((line) => paintSign(line, terminal))
  const sums = [
    [counts.create, 'to create'],
    [counts.change, 'to change'],
    [counts.remove, 'to remove'],
    [counts.kept, 'kept although not listed'],
  ] as const
  const said = sums.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  return [
    ...lines,
    ...notices.map((notice) => sanitizeLine(`Note: ${notice}`)),
    ...(said.length > 0 ? [`${said.join(', ')}.`] : []),
  ].join('\n')
}

function planRows({actions, kept}: Pick<PlanResult, 'actions' | 'kept'>): string[] {
  return [
    ...actions.map((action) => [...rowCells(action), action.because ?? ''].join('\t')),
    ...kept.map(({kind, group, resourceType, name, reason}) =>
      ['keep', kind, group ?? '', resourceType ?? '', name, '{}', reason]
        .map(sanitizeLine)
        .join('\t'),
    ),
  ]
}

function rowCells({verb, kind, group, resourceType, name, fields}: AccessAction): string[] {
  const values = Object.fromEntries(fields.map(({field, from, to}) => [field, {from, to}]))
  return [verb, kind, group ?? '', resourceType ?? '', name, JSON.stringify(values)].map(
    sanitizeLine,
  )
}

const SIGNS = {create: '+', change: '~', remove: '-'} as const

/** More would hide the other changes. */
const MAX_FIELDS = 4

function diffCells({verb, kind, because, fields, ...thing}: AccessAction): string[] {
  const shown = fields.slice(0, MAX_FIELDS).map((field) => fieldText(field, verb))
  const more = fields.length > MAX_FIELDS ? [`and ${fields.length - MAX_FIELDS} more`] : []
  const said = [...shown, ...more, ...(because === null ? [] : [`(${because})`])]
  return [`${SIGNS[verb]} ${kind}`, placeOf(thing), sanitizeLine(said.join(', '))]
}

function keptCells(thing: KeptThing): string[] {
  return [`= ${thing.kind}`, placeOf(thing), sanitizeLine(`stays: ${thing.reason}`)]
}

function placeOf({group, resourceType, name}: Pick<KeptThing, 'group' | 'resourceType' | 'name'>) {
  const what = resourceType === null ? name : `${resourceType} ${name}`
  return sanitizeLine(group === null ? what : `${group}: ${what}`)
}

const MAX_VALUE = 60

function fieldText({field, from, to}: FieldChange, verb: AccessAction['verb']): string {
  if (verb === 'create') return `${field}: ${valueText(to)}`
  return `${field}: ${valueText(from)} -> ${valueText(to)}`
}

/** Cut: the whole values are in the JSON, and in the file. */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const line = sanitizeLine(text).trim()
  return line.length > MAX_VALUE ? `${line.slice(0, MAX_VALUE)}…` : line
}

function paintSign(line: string, terminal: Terminal): string {
  const style = ({'+': 'green', '~': 'yellow', '-': 'red', '=': 'dim'} as const)[line[0] ?? '']
  return style ? paint(terminal, style, line) : line
}

/** What was done; in a pipe a line each: state, verb, kind, group, type, name, fields as JSON, message. */
export function applyText(result: ApplyResult, terminal: Terminal): string {
  const {applied, remaining, counts, ok} = result
  if (!terminal.isTty)
    return [
      ...applied.map((one) =>
        [one.state, ...rowCells(one), sanitizeLine(one.message ?? '')].join('\t'),
      ),
      ...(remaining ?? []).map((one) => ['remaining', ...rowCells(one), ''].join('\t')),
    ].join('\n')
  const sum = `${counts.done} of ${applied.length} changes made on ${result.server}.`
  return [
    ...alignColumns(applied.map(appliedCells)).map((line) => paintState(line, terminal)),
    ...result.notices.map((notice) => sanitizeLine(`Note: ${notice}`)),
    sanitizeLine(applied.length === 0 ? `Nothing to change on ${result.server}.` : sum),
    ...(ok ? ['Read again: the server is as the file says.'] : []),
  ].join('\n')
}

function appliedCells(action: AppliedAction): string[] {
  const [sign = '', place = ''] = diffCells(action)
  return [action.state, sign, place, sanitizeLine(action.message ?? '')]
}

function paintState(line: string, terminal: Terminal): string {
  if (line.startsWith('done')) return line
  return paint(terminal, line.startsWith('failed') ? 'red' : 'yellow', line)
}
