import type {Node} from 'yaml'
import {
  sections,
  type DesiredAccess,
  type DesiredGrant,
  type DesiredGroup,
  type DesiredMetric,
  type DesiredTable,
  type DesiredUser,
  type FieldValues,
} from './access-model.js'
import {metricFields, tableFields} from './known-fields.js'
import {isNothing, YamlReader, type YamlEntry} from './yaml-reader.js'

const REQUIREMENTS = ['available', 'required']
// eslint-disable-next-line no-control-regex -- what must not be in a name
const UNPRINTABLE = /[\u0000-\u001F\u007F-\u009F]/

/** The file as what it asks for; `UsageError` (code `invalid_access_file`) with every problem and its line. */
export function parseAccess(text: string, path: string): DesiredAccess {
  const reader = new YamlReader(text, path)
  const top = reader.known(reader.root, {what: 'the file', line: 1, keys: ['version', ...sections]})
  const at = new Map(top.map((entry) => [entry.key, entry]))
  const version = at.get('version')
  if (version && reader.value(version.value) !== 1)
    reader.refuseAt(version.line, 'version must be 1; a newer release may be able to read this')
  const section = <T>(name: string, read: (reader: YamlReader, entry: YamlEntry) => T[]) => {
    const entry = at.get(name)
    return entry ? read(reader, entry) : null
  }
  const desired = {
    users: section('users', readUsers),
    groups: section('groups', readGroups),
    tables: section('tables', readTables),
    grants: section('grants', readGrants),
    metrics: section('metrics', readMetrics),
  }
  reader.finish()
  return desired
}

function readUsers(reader: YamlReader, {value, line}: YamlEntry): DesiredUser[] {
  return reader.entries(value, 'users', line).map((entry) => {
    const {key: email} = entry
    if (!isEmail(email)) reader.refuseAt(entry.line, `${email} is no e-mail address`)
    const what = `user ${email}`
    const fields = fieldsOf(reader, entry, {what, types: {name: 'text', active: 'flag'}})
    return {
      email,
      name: typeof fields.name === 'string' && fields.name !== '' ? fields.name : undefined,
      isActive: fields.active !== false,
      line: entry.line,
    }
  })
}

function readGroups(reader: YamlReader, {value, line}: YamlEntry): DesiredGroup[] {
  return reader.entries(value, 'groups', line).map((entry) => {
    const {key: name} = entry
    checkName(reader, name, entry.line)
    const what = `group ${name}`
    const keys = ['description', 'members']
    const at = new Map(
      reader.known(entry.value, {what, line: entry.line, keys}).map((field) => [field.key, field]),
    )
    const [description, members] = [at.get('description'), at.get('members')]
    return {
      name,
      description: description && textOrNull(reader, description, `description of ${what}`),
      members: members ? readMembers(reader, members, what) : null,
      line: entry.line,
    }
  })
}

function readMembers(reader: YamlReader, {value, line}: YamlEntry, what: string) {
  const seen = new Map<string, number>()
  return reader.items(value, `members of ${what}`, line).flatMap((item) => {
    const email = reader.text(item.node, `a member of ${what}`, item.line)
    if (email === undefined) return []
    if (!isEmail(email)) reader.refuseAt(item.line, `${email} is no e-mail address`)
    const before = seen.get(email)
    seen.set(email, before ?? item.line)
    if (before === undefined) return [{email, line: item.line}]
    reader.refuseAt(item.line, `${email} is in ${what} twice, first on line ${before}`)
    return []
  })
}

function readTables(reader: YamlReader, {value, line}: YamlEntry): DesiredTable[] {
  return reader.entries(value, 'tables', line).map((entry) => {
    checkName(reader, entry.key, entry.line)
    const fields = fieldsOf(reader, entry, {what: `table ${entry.key}`, types: tableFields})
    return {id: entry.key, fields, line: entry.line}
  })
}

function readMetrics(reader: YamlReader, {value, line}: YamlEntry): DesiredMetric[] {
  return reader.entries(value, 'metrics', line).map((entry) => {
    if (!/^[^/\s][^/]*\/[^/]+(\/[^/]+)*$/.test(entry.key) || /(^|\/)\.\.?(\/|$)/.test(entry.key))
      reader.refuseAt(entry.line, `${entry.key} is no metric: write category/name`)
    const fields = fieldsOf(reader, entry, {what: `metric ${entry.key}`, types: metricFields})
    return {id: entry.key, fields, line: entry.line}
  })
}

function readGrants(reader: YamlReader, {value, line}: YamlEntry): DesiredGrant[] {
  return reader.entries(value, 'grants', line).flatMap((group) => {
    checkName(reader, group.key, group.line)
    const types = reader.entries(group.value, `grants of ${group.key}`, group.line)
    return types.flatMap((type) => {
      const what = `${type.key} grants of ${group.key}`
      const seen = new Map<string, number>()
      return reader.items(type.value, what, type.line).flatMap((item) => {
        const grant = readGrant(reader, item, what)
        if (grant === undefined) return []
        const before = seen.get(grant.resourceId)
        seen.set(grant.resourceId, before ?? item.line)
        if (before === undefined)
          return [{...grant, group: group.key, resourceType: type.key, line: item.line}]
        reader.refuseAt(
          item.line,
          `${grant.resourceId} is in ${what} twice, first on line ${before}`,
        )
        return []
      })
    })
  })
}

/** `orders`, or `{id: orders, requirement: required}`. */
function readGrant(
  reader: YamlReader,
  {node, line}: {node: Node | null; line: number},
  what: string,
): Pick<DesiredGrant, 'resourceId' | 'requirement'> | undefined {
  const found = reader.resolved(node)
  if (found !== null && 'items' in found) {
    const entry = {key: '', line, value: found}
    const types = {id: 'text', requirement: 'text'} as const
    const {id, requirement} = fieldsOf(reader, entry, {what: `one of ${what}`, types})
    if (typeof id !== 'string') return void reader.refuseAt(line, `one of ${what} has no id`)
    const isKnown = requirement === undefined || REQUIREMENTS.includes(String(requirement))
    if (!isKnown) reader.refuseAt(line, `requirement must be ${REQUIREMENTS.join(' or ')}`)
    return {resourceId: id, requirement: requirement as string | undefined}
  }
  const id = reader.text(found, `one of ${what}`, line)?.trim()
  if (id === '') reader.refuseAt(line, `one of ${what} is empty`)
  return id === undefined || id === '' ? undefined : {resourceId: id, requirement: undefined}
}

type FieldTypes = Readonly<Record<string, 'text' | 'flag' | 'number' | 'texts' | 'any'>>

/** Known fields of the right type; a field with nothing behind it is `null`: cleared. */
function fieldsOf(
  reader: YamlReader,
  {value, line}: YamlEntry,
  {what, types}: {what: string; types: FieldTypes},
): FieldValues {
  const entries = reader.known(value, {what, line, keys: Object.keys(types)})
  return Object.fromEntries(
    entries.map((entry) => {
      const label = `${entry.key} of ${what}`
      const found = reader.resolved(entry.value)
      if (isNothing(found)) return [entry.key, null]
      const type = types[entry.key]!
      if (type === 'text') return [entry.key, reader.text(found, label, entry.line)]
      if (type === 'texts') return [entry.key, texts(reader, entry, label)]
      const read = reader.value(found)
      const isRight =
        type === 'any' || (type === 'flag' ? typeof read === 'boolean' : Number.isSafeInteger(read))
      const wanted = type === 'flag' ? 'true or false' : 'a whole number'
      if (!isRight) reader.refuse(found, `${label} must be ${wanted}`, entry.line)
      return [entry.key, read]
    }),
  )
}

/** One text counts as a list of one. */
function texts(reader: YamlReader, {value, line}: YamlEntry, what: string): string[] {
  const found = reader.resolved(value)
  if (found !== null && !('items' in found)) return [reader.text(found, what, line) ?? '']
  return reader.items(found, what, line).flatMap((item) => {
    const text = reader.text(item.node, `an item of ${what}`, item.line)
    return text === undefined ? [] : [text]
  })
}

function textOrNull(reader: YamlReader, {value, line}: YamlEntry, what: string): string | null {
  const found = reader.resolved(value)
  return isNothing(found) ? null : (reader.text(found, what, line) ?? null)
}

function checkName(reader: YamlReader, name: string, line: number): void {
  if (name !== name.trim() || UNPRINTABLE.test(name))
    reader.refuseAt(line, `${JSON.stringify(name)} has blanks around it, or cannot be printed`)
}

function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text) && !UNPRINTABLE.test(text)
}
