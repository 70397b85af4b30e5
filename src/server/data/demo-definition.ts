import {z} from 'zod/mini'
import {IntegrityError} from '../../lib/errors.js'
import type {Files} from '../../lib/ports/files.js'

/** `templates/demo`, read and checked. See its README for what each file says. */

const Table = z.object({
  name: z.string(),
  source: z.string(),
  description: z.string(),
  groups: z.array(z.string()),
  query_mode: z.optional(z.enum(['local', 'materialized', 'remote'])),
  partition_by: z.optional(z.string()),
  clustered_by: z.optional(z.array(z.string())),
  server_only: z.optional(z.boolean()),
  /** Registered, but its data was never made. */
  is_missing: z.optional(z.boolean()),
})
export type DemoTable = z.infer<typeof Table>

const Company = z.object({
  groups: z.array(z.object({name: z.string(), description: z.string()})),
  users: z.array(z.object({email: z.string(), name: z.string(), groups: z.array(z.string())})),
  analyst: z.string(),
  plugins: z.array(z.object({name: z.string(), groups: z.array(z.string())})),
  tables: z.array(Table),
})

const NoteHeader = z.object({
  title: z.string(),
  category: z.string(),
  domain: z.string(),
  status: z.enum(['mandatory', 'approved']),
  tags: z.array(z.string()),
})
export type DemoNote = z.infer<typeof NoteHeader> & {content: string}

export interface DemoDefinition extends z.infer<typeof Company> {
  /** As in a metrics file that the server imports. */
  metrics: Record<string, unknown>[]
  notes: DemoNote[]
  /** SELECT per table, without those that are missing. */
  sql: ReadonlyMap<string, string>
}

/** `templates` is rooted at `templates/demo`. */
export async function readDemoDefinition(templates: Files): Promise<DemoDefinition> {
  const {parse} = await import('yaml')
  const read = async (path: string) => {
    const text = await templates.readText(path)
    if (text === undefined)
      throw new IntegrityError(`The demo definition is incomplete: ${path} is missing.`, {
        code: 'bad_template',
        hint: 'Install agnes again.',
      })
    return text
  }
  const company = Company.parse(parse(await read('company.yaml')))
  const notes: DemoNote[] = []
  for (const name of await templates.list('notes')) {
    const [, header = '', content = ''] =
      /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(await read(`notes/${name}`)) ?? []
    notes.push({...NoteHeader.parse(parse(header)), content: content.trim()})
  }
  const sql = new Map<string, string>()
  for (const {name, is_missing: isMissing} of company.tables)
    if (!isMissing) sql.set(name, await read(`tables/${name}.sql`))
  const metrics = parse(await read('metrics.yaml')) as Record<string, unknown>[]
  return {...company, metrics, notes, sql}
}
