import {isMachine, type CurrentAccess, type CurrentGrant} from './access-model.js'
import {byText} from './field-values.js'
import {exportedTable} from './known-fields.js'

export type ExportCounts = Record<
  'users' | 'groups' | 'members' | 'tables' | 'grants' | 'metrics',
  number
>

export interface AccessExport {
  yaml: string
  counts: ExportCounts
}

const HEADER = (server: string) => ` Who may use what on ${server}, as code.

 See what a change would do:   agnes admin plan access.yaml
 Make it so:                   agnes admin apply access.yaml

 A section that is left out (users, groups, tables, grants, metrics) is left alone, and so is a field.
 What a section does not list is removed with --prune only; an empty section means "none" then.

 Not in this file: passwords and tokens, data, what is inside data packages, company notes, and the
 accounts and tables the server keeps for itself. People who are listed and not there yet are made
 without a password: agnes admin user set-password`

/** Characters that show nothing, or reorder what is shown: whoever reviews the file has to see them. */
const HIDDEN =
  // eslint-disable-next-line no-control-regex -- these are what it looks for
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/

/** They stand in double quotes only, where an escape is the same character. */
function escapeHidden(yaml: string): string {
  return yaml.replace(
    new RegExp(HIDDEN, 'g'),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A server's state as a file: the same state gives the same bytes. */
export async function exportAccess(current: CurrentAccess, server: string): Promise<AccessExport> {
  const {Document, visit} = await import('yaml')
  const content = {
    version: 1,
    users: usersOf(current),
    groups: groupsOf(current),
    tables: Object.fromEntries(
      visibleTables(current).map((table) => [table.id, orNull(exportedTable(table))]),
    ),
    grants: grantsOf(current),
    metrics: Object.fromEntries(sortedMetrics(current).map(({id, fields}) => [id, fields])),
  }
  // Repeated lists stay lists: nobody should have to follow anchors to read who may see what.
  const document = new Document(content, {aliasDuplicateObjects: false})
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && HIDDEN.test(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  document.commentBefore = HEADER(server)
  const memberships = current.groups.flatMap(({id}) => current.members.get(id) ?? [])
  return {
    yaml: escapeHidden(document.toString({lineWidth: 0})),
    counts: {
      users: people(current).length,
      groups: current.groups.length,
      members: memberships.length,
      tables: visibleTables(current).length,
      grants: current.grants?.length ?? 0,
      metrics: current.metrics?.length ?? 0,
    },
  }
}

function people({users}: CurrentAccess) {
  return users.filter(({email}) => !isMachine(email)).sort(byText(({email}) => email))
}

function usersOf(current: CurrentAccess): Record<string, unknown> {
  return Object.fromEntries(
    people(current).map(({email, name, isActive}) => [
      email,
      orNull({...(name === null ? {} : {name}), ...(isActive ? {} : {active: false})}),
    ]),
  )
}

/** Members that a directory outside decides about are not listed: nobody can change them here. */
function groupsOf({groups, members}: CurrentAccess): Record<string, unknown> {
  const sorted = [...groups].sort(byText(({isSystem, name}) => `${isSystem ? 0 : 1}${name}`))
  return Object.fromEntries(
    sorted.map(({id, name, description, isManagedElsewhere}) => [
      name,
      {
        ...(description === null ? {} : {description}),
        ...(isManagedElsewhere ? {} : {members: emailsOf(members.get(id) ?? [])}),
      },
    ]),
  )
}

function emailsOf(members: readonly {email: string}[]): string[] {
  return members
    .map(({email}) => email)
    .filter((email) => !isMachine(email))
    .sort(byText((email) => email))
}

function visibleTables({tables}: CurrentAccess) {
  return (tables ?? []).filter(({isInternal}) => !isInternal).sort(byText(({id}) => id))
}

function sortedMetrics({metrics}: CurrentAccess) {
  return [...(metrics ?? [])].sort(byText(({id}) => id))
}

/** By group, then by type of resource, then by id. */
function grantsOf({groups, grants}: CurrentAccess): Map<string, Map<string, unknown[]>> {
  const byGroup = new Map<string, Map<string, unknown[]>>()
  for (const {id, name} of [...groups].sort(byText((group) => group.name))) {
    const its = (grants ?? []).filter(({groupId}) => groupId === id)
    its.sort(byText(({resourceType, resourceId}) => `${resourceType}\u0000${resourceId}`))
    const byType = new Map<string, unknown[]>()
    for (const grant of its) {
      const {resourceType: type} = grant
      byType.set(type, [...(byType.get(type) ?? []), written(grant)])
    }
    if (byType.size > 0) byGroup.set(name, byType)
  }
  return byGroup
}

/**
 * What a file does not say is left alone, so a requirement is said wherever it means something; of a
 * table it means nothing.
 */
function written({resourceId, resourceType, requirement}: CurrentGrant): unknown {
  const isSaid = requirement === 'required' || (requirement !== null && resourceType !== 'table')
  return isSaid ? {id: resourceId, requirement} : resourceId
}

function orNull(fields: object): object | null {
  return Object.keys(fields).length === 0 ? null : fields
}
