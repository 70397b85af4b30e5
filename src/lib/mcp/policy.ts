/**
 * The rails: one table that both lists the tools and enforces what it says. A *mode* is what whoever
 * started the server allows; a *look* is a read that has to come before a call that changes or costs.
 */
export const MODES = ['read', 'snapshot', 'admin'] as const
export type Mode = (typeof MODES)[number]

export interface Policy {
  /** The least mode it is there in; each mode has everything of those before it. */
  mode: Mode
  /** Changes nothing that outlasts the call. A remote query costs, and changes nothing. */
  readOnlyHint: boolean
  /** Takes something away that was there. */
  destructiveHint: boolean
  /** The same call again changes nothing more. */
  idempotentHint: boolean
  /** Goes to the Agnes server, and so to its warehouse. */
  openWorldHint: boolean
  /** The tool whose handle a call needs that has a subject; `null` where none ever does. */
  look: 'estimate' | 'snapshot_list' | 'grant_plan' | null
  /** Calls with a subject, and with `all` every call, are written down before they happen. */
  journal: 'none' | 'subject' | 'all'
}

const local = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}
const remote = {...local, openWorldHint: true}
const free = {mode: 'read' as Mode, look: null, journal: 'none' as const}

export const POLICY = {
  catalog: {...free, ...remote},
  schema: {...free, ...remote},
  describe: {...free, ...remote},
  sample: {...free, ...remote},
  metrics: {...free, ...remote},
  estimate: {...free, ...remote},
  query: {...free, ...remote, look: 'estimate', journal: 'subject'},
  status: {...free, ...local},
  why: {...free, ...remote},
  snapshot_list: {...free, ...local},
  pull: {
    ...{...free, ...remote, mode: 'snapshot', readOnlyHint: false},
    // Tables that are no longer granted are removed.
    ...{destructiveHint: true, journal: 'all'},
  },
  snapshot_create: {
    ...{...free, ...remote, mode: 'snapshot', readOnlyHint: false, idempotentHint: false},
    ...{look: 'estimate', journal: 'all'},
  },
  snapshot_drop: {
    ...{...free, ...local, mode: 'snapshot', readOnlyHint: false, destructiveHint: true},
    ...{look: 'snapshot_list', journal: 'all'},
  },
  grant_plan: {...free, ...remote, mode: 'admin'},
  grant_apply: {
    ...{...free, ...remote, mode: 'admin', readOnlyHint: false, destructiveHint: true},
    ...{look: 'grant_plan', journal: 'all'},
  },
} satisfies Record<string, Policy>

export type ToolName = keyof typeof POLICY

export function policyOf(name: ToolName): Policy {
  return POLICY[name]
}

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(POLICY, name)
}

export function isAllowed(name: ToolName, mode: Mode): boolean {
  return MODES.indexOf(POLICY[name].mode) <= MODES.indexOf(mode)
}

/** The four hints, as the protocol names them. */
export function annotationsOf(name: ToolName) {
  const {readOnlyHint, destructiveHint, idempotentHint, openWorldHint} = POLICY[name]
  return {readOnlyHint, destructiveHint, idempotentHint, openWorldHint}
}
