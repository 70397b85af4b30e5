import {basename, dirname, resolve} from 'node:path'
import {MissingError, UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Metric} from '../wire/metrics.js'
import {isFields, textField, type Fields} from '../wire/read-fields.js'

/** Metrics as YAML files: `<category>/<name>.yml`, one metric each or a list of them. */

export interface MetricFile {
  /** As people name it: `revenue/mrr.yml`. */
  path: string
  entries: MetricEntry[]
}

export interface MetricEntry {
  /** `<category>/<name>`. */
  id: string
  /** As in the file, with the category it got from its folder. */
  fields: Fields
}

export interface MetricFiles {
  /** False for one file. */
  isFolder: boolean
  files: MetricFile[]
  /** Files and entries that cannot be read, with the reason. */
  problems: {path: string; reason: string}[]
}

const YAML_FILE = /\.ya?ml$/i

/**
 * One file, or the files one level below a folder. A category that is not said is the name of the
 * folder. `MissingError` when there is nothing at `path`.
 */
export async function readMetricFiles(
  path: string,
  {currentDir, filesAt}: {currentDir: string; filesAt(root: string): Files},
): Promise<MetricFiles> {
  const absolute = resolve(currentDir, path)
  const parent = filesAt(dirname(absolute))
  const facts = await parent.stat(basename(absolute))
  if (!facts)
    throw new MissingError(`There is nothing at ${absolute}.`, {
      code: 'file_missing',
      hint: 'Name a YAML file, or a folder with one folder a category.',
      details: {path: absolute},
    })
  const result: MetricFiles = {isFolder: facts.isDirectory, files: [], problems: []}
  if (!facts.isDirectory) {
    await addFile(result, parent, basename(absolute), basename(dirname(absolute)))
    return withoutTwins(result)
  }
  const folder = filesAt(absolute)
  for (const category of await folder.list('')) {
    if (!(await folder.stat(category))?.isDirectory) continue
    for (const name of await folder.list(category))
      if (YAML_FILE.test(name)) await addFile(result, folder, `${category}/${name}`, category)
  }
  return withoutTwins(result)
}

/** A metric that two files hold is imported from neither: which one counts is not for us to say. */
function withoutTwins({isFolder, files, problems}: MetricFiles): MetricFiles {
  const homes = new Map<string, string[]>()
  for (const {path, entries} of files)
    for (const {id} of entries) homes.set(id, [...(homes.get(id) ?? []), path])
  const twins = [...homes].filter(([, paths]) => paths.length > 1)
  const twinIds = new Set(twins.map(([id]) => id))
  return {
    isFolder,
    files: files
      .map(({path, entries}) => ({path, entries: entries.filter(({id}) => !twinIds.has(id))}))
      .filter(({entries}) => entries.length > 0),
    problems: [
      ...problems,
      ...twins.map(([id, paths]) => ({
        path: paths[0] ?? '',
        reason: `the metric ${id} is there more than once: ${paths.join(', ')}`,
      })),
    ],
  }
}

async function addFile(
  result: MetricFiles,
  files: Files,
  path: string,
  category: string,
): Promise<void> {
  const {parse} = await import('yaml')
  let parsed: unknown
  try {
    parsed = parse((await files.readText(path)) ?? '', {maxAliasCount: 100})
  } catch (error) {
    const [reason = 'not YAML'] = (error as Error).message.split('\n', 1)
    result.problems.push({path, reason})
    return
  }
  const entries = (Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]).flatMap((entry) => {
    const read = readEntry(entry, category)
    if (typeof read !== 'string') return [read]
    result.problems.push({path, reason: read})
    return []
  })
  if (entries.length > 0) result.files.push({path, entries})
}

/** The entry, or why it is none. */
function readEntry(entry: unknown, category: string): MetricEntry | string {
  if (!isFields(entry)) return 'holds no metric'
  const name = textField(entry.name)
  if (name === null) return 'a metric has no name'
  const fields = {...entry, category: textField(entry.category) ?? category}
  if (name.includes('/')) return `the name ${name} holds a slash`
  return {id: `${fields.category}/${name}`, fields}
}

/** A key of the file, and where its value is in a metric. */
const KEYS: readonly [key: string, value: (metric: Metric) => unknown][] = [
  ['name', ({name}) => name],
  ['display_name', ({displayName}) => displayName],
  ['category', ({category}) => category],
  ['type', ({type}) => type],
  ['unit', ({unit}) => unit],
  ['grain', ({grain}) => grain],
  ['time_column', ({timeColumn}) => timeColumn],
  ['table', ({tableName}) => tableName],
  ['tables', ({tables}) => tables],
  ['expression', ({expression}) => expression],
  ['description', ({description}) => description],
  ['dimensions', ({dimensions}) => dimensions],
  ['filters', ({filters}) => filters],
  ['synonyms', ({synonyms}) => synonyms],
  ['notes', ({notes}) => (notes.length === 1 ? notes[0] : notes)],
  ['sql', ({sql}) => sql],
]

/** What an import reads back as this metric; what is empty is left out. */
export async function metricYaml(metric: Metric): Promise<string> {
  const {stringify} = await import('yaml')
  const variants = isFields(metric.sqlVariants) ? Object.entries(metric.sqlVariants) : []
  const entries: [string, unknown][] = [
    ...KEYS.map(([key, value]) => [key, value(metric)] as [string, unknown]),
    ...variants.map(([name, sql]) => [`sql_${name}`, sql] as [string, unknown]),
    ['validation', metric.validation],
  ]
  const filled = entries.filter(([, value]) => !isEmpty(value))
  return stringify(Object.fromEntries(filled), {lineWidth: 0})
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

const SAFE_PART = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,127}$/

/** `<category>/<name>.yml`; `UsageError` for a name that is no file name everywhere. */
export function metricPath({id, name, category}: Metric): string {
  const parts = [category ?? '', name ?? '']
  if (parts.every((part) => SAFE_PART.test(part) && !part.endsWith('.')))
    return `${parts[0]}/${parts[1]}.yml`
  throw new UsageError(`The metric ${id} cannot become a file: its name is no file name.`, {
    code: 'metric_name_unsafe',
    hint: 'Rename it on the server first.',
  })
}
