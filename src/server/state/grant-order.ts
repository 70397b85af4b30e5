import type {GrantRow} from './rows.js'
import type {SystemState} from './system-state.js'

/** The grant's place in lists: group name, type, resource, and the id to be unique. */
export function grantKey(grant: GrantRow, state: SystemState): string {
  const name = state.get('groups', grant.groupId)?.name ?? ''
  return [name, grant.resourceType, grant.resourceId, grant.id].join('\u0000')
}

/**
 * All grants in the order of lists, sorted again only when somebody's rights changed: the pages of one
 * list share it, so a page costs a search and not a sort.
 */
export class GrantOrder {
  private sorted: {accessVersion: number; rows: readonly GrantRow[]} | undefined

  constructor(private readonly state: SystemState) {}

  all(): readonly GrantRow[] {
    const {accessVersion} = this.state
    if (this.sorted?.accessVersion === accessVersion) return this.sorted.rows
    const groups = [...this.state.all('groups')].sort((a, b) => (a.name < b.name ? -1 : 1))
    const rows = groups.flatMap(({id}) => this.of(id))
    this.sorted = {accessVersion, rows}
    return rows
  }

  /** The grants of one group. */
  of(groupId: string): readonly GrantRow[] {
    return [...this.state.grantsOf(groupId)].sort((a, b) => compareWithin(a, b))
  }
}

/** Within one group the group's name decides nothing. */
function compareWithin(a: GrantRow, b: GrantRow): number {
  for (const field of ['resourceType', 'resourceId', 'id'] as const)
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1
  return 0
}
