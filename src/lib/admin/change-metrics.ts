import {AgnesError, ConflictError, UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Random} from '../ports/random.js'
import type {Metric} from '../wire/metrics.js'
import {changeEach, isFinal, type Change, type ChangeResult, type FailedChange} from './changes.js'
import {metricKind, namedMetric} from './find.js'
import {
  metricPath,
  metricYaml,
  readMetricFiles,
  type MetricFile,
  type MetricFiles,
} from './metric-files.js'
import type {Admin} from './open-admin.js'
import {resolveOne} from './resolve.js'

export interface ImportRequest {
  path: string
  isPruning: boolean
  isDryRun: boolean
}

export interface ImportDeps {
  currentDir: string
  filesAt(root: string): Files
  random: Random
}

export interface ImportResult extends ChangeResult {
  isDryRun: boolean
  /** Metrics of the server that no file holds and that stay, because no import made them. */
  kept: string[]
}

/** Metrics that an import made say so; anything else is somebody's own work and never pruned. */
const IMPORTED = new Set(['yaml_import', 'web_upload'])

/**
 * Brings the metrics of a file or folder to the server, a file at a time. With `isPruning`, imported
 * metrics that no file holds any more go: only when every file was read and taken. Both that and the
 * replacing of metrics that no import made come after a question.
 */
export async function importMetrics(
  admin: Admin,
  {request, deps}: {request: ImportRequest; deps: ImportDeps},
  signal: AbortSignal,
): Promise<ImportResult> {
  const read = await readMetricFiles(request.path, deps)
  refuseUseless(read, request)
  const before = await admin.api.metrics(signal)
  const {pruned, kept} = planPrune(before, read, request)
  const {isDryRun} = request
  const actions = planImport(before, read)
  const replaced = [...actions].flatMap(([id, action]) => (action === 'replaced' ? [id] : []))
  const question = questionOf(pruned, replaced)
  if (!isDryRun && question !== '') await admin.confirm(question, signal)
  const failed = problemsOf(read)
  const changes: Change[] = []
  for (const file of read.files) {
    const failure = isDryRun ? undefined : await upload(admin, file, {deps, signal})
    if (failure) failed.push(failure)
    else
      for (const {id} of file.entries) changes.push(metricChange(actions.get(id) ?? 'created', id))
  }
  if (failed.length > 0) return {changes, failed, isDryRun, kept}
  for (const {id} of pruned) {
    if (!isDryRun) await admin.api.deleteMetric(id, signal)
    changes.push(metricChange('deleted', id))
  }
  return {changes, failed, isDryRun, kept}
}

/** Nothing read must never look like "no metrics any more". */
function refuseUseless(read: MetricFiles, {path, isPruning}: ImportRequest): void {
  const refuse = (message: string, hint: string) => {
    throw new UsageError(message, {
      code: 'prune_refused',
      hint,
      details: {problems: read.problems},
    })
  }
  if (read.files.length === 0)
    throw new UsageError(`There is no metric to import in ${path}.`, {
      code: 'no_metrics',
      hint: 'A folder holds one folder a category, with one YAML file a metric.',
      details: {problems: read.problems},
    })
  if (!isPruning) return
  if (!read.isFolder)
    refuse(
      '--prune needs the whole folder: one file does not say what is gone.',
      'Name the folder.',
    )
  const [problem] = read.problems
  if (problem)
    refuse(
      `--prune needs every file to be readable: ${problem.path}: ${problem.reason}.`,
      'Correct or remove that file.',
    )
}

function planPrune(
  before: readonly Metric[],
  {files}: MetricFiles,
  {isPruning}: ImportRequest,
): {pruned: Metric[]; kept: string[]} {
  const held = new Set(files.flatMap(({entries}) => entries.map(({id}) => id)))
  const rest = before.filter(({id}) => !held.has(id))
  const pruned = isPruning ? rest.filter(({source}) => IMPORTED.has(source ?? '')) : []
  return {pruned, kept: rest.filter((metric) => !pruned.includes(metric)).map(({id}) => id)}
}

/**
 * What becomes of each metric the files hold: `created`, `updated`, or `replaced`, where somebody wrote
 * it by hand: that is gone then, and the next `--prune` may reach it.
 */
function planImport(before: readonly Metric[], {files}: MetricFiles): Map<string, string> {
  const sources = new Map(before.map(({id, source}) => [id, source ?? '']))
  const actionOf = (id: string) => {
    const source = sources.get(id)
    if (source === undefined) return 'created'
    return IMPORTED.has(source) ? 'updated' : 'replaced'
  }
  return new Map(files.flatMap(({entries}) => entries.map(({id}) => [id, actionOf(id)])))
}

function questionOf(pruned: readonly Metric[], replaced: readonly string[]): string {
  const parts = [
    ...(replaced.length > 0 ? [`replace metrics written by hand: ${replaced.join(', ')}`] : []),
    ...(pruned.length > 0 ? [`delete metrics ${pruned.map(({id}) => id).join(', ')}`] : []),
  ]
  const text = parts.join('; ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function problemsOf({problems}: MetricFiles): FailedChange[] {
  return problems.map(({path, reason}) => ({
    reference: path,
    code: 'metric_unreadable',
    message: reason,
  }))
}

/** Why the server did not take the file; `undefined` when it did. */
async function upload(
  {api}: Admin,
  {path, entries}: MetricFile,
  {deps, signal}: {deps: ImportDeps; signal: AbortSignal},
): Promise<FailedChange | undefined> {
  const {stringify} = await import('yaml')
  const yaml = stringify(entries.map(({fields}) => fields))
  const form = {fileName: 'metrics.yml', boundary: `agnes-${deps.random.hex(16)}`}
  try {
    const count = await api.importMetrics(yaml, form, signal)
    if (count === entries.length) return undefined
    const message = `the server took ${count} of ${entries.length} metrics`
    return {reference: path, code: 'metrics_incomplete', message}
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AgnesError) || isFinal(error)) throw error
    return {reference: path, code: error.code, message: error.message}
  }
}

export interface ExportResult {
  /** Absolute. */
  folder: string
  /** Relative to it. */
  written: string[]
  /** Were there with the same content. */
  unchanged: string[]
}

/** One file a metric. Files with other content are replaced only with `isOverwriting`; none is removed. */
export async function exportMetrics(
  {api}: Admin,
  {files, isOverwriting}: {files: Files; isOverwriting: boolean},
  signal: AbortSignal,
): Promise<ExportResult> {
  const result: ExportResult = {folder: files.root, written: [], unchanged: []}
  const texts = new Map<string, string>()
  const blocked: string[] = []
  for (const metric of await api.metrics(signal)) {
    const [path, text] = [metricPath(metric), await metricYaml(metric)]
    const there = await files.readText(path)
    if (there === text) result.unchanged.push(path)
    else if (there !== undefined && !isOverwriting) blocked.push(path)
    else texts.set(path, text)
  }
  if (blocked.length > 0)
    throw new ConflictError(`Files are there with other content: ${blocked.join(', ')}.`, {
      code: 'file_exists',
      hint: 'Add --overwrite to replace them, or export into another folder.',
      details: {files: blocked},
    })
  for (const [path, text] of texts) {
    signal.throwIfAborted()
    await files.writeAtomic(path, text)
    result.written.push(path)
  }
  return result
}

export interface MetricCheck {
  id: string
  /** As the metric names it; `null` where it names none. */
  table: string | null
  isValid: boolean
}

/** Whether every metric is about a table that is registered. */
export async function validateMetrics(
  {api}: Admin,
  signal: AbortSignal,
): Promise<{checks: MetricCheck[]; invalid: number}> {
  const tables = await api.tables(signal)
  const names = new Set(tables.flatMap(({id, name}) => [id, name]))
  const checks = (await api.metrics(signal)).map(({id, tableName}) => ({
    id,
    table: tableName,
    isValid: tableName === null || names.has(tableName),
  }))
  return {checks, invalid: checks.filter(({isValid}) => !isValid).length}
}

/** What to tell, with exit code 2, of metrics that are about nothing. */
export function invalidMetrics({
  checks,
  invalid,
}: {
  checks: readonly MetricCheck[]
  invalid: number
}): UsageError | undefined {
  if (invalid === 0) return undefined
  return new UsageError(`${invalid} of ${checks.length} metrics are about unregistered tables.`, {
    code: 'metrics_invalid',
    hint: 'Correct the table in the metric, or register it: agnes admin table register NAME --source-type TYPE',
  })
}

/** By id or name; one that names no metric stops all of it. Asks first. */
export async function deleteMetrics(
  admin: Admin,
  references: readonly string[],
  signal: AbortSignal,
): Promise<ChangeResult> {
  const all = (await admin.api.metrics(signal)).map(namedMetric)
  const find = (reference: string) => resolveOne(reference, all, metricKind, {isDestructive: true})
  const ids = references.map((reference) => find(reference).id)
  await admin.confirm(`Delete metrics ${ids.join(', ')}`, signal)
  const remove = async (id: string) => {
    await admin.api.deleteMetric(id, signal)
    return metricChange('deleted', id)
  }
  return changeEach(ids, remove, signal)
}

function metricChange(action: string, id: string): Change {
  return {action, kind: 'metric', id, name: id, group: null, isNew: true}
}
