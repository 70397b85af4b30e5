import {bytesText} from '../cells/amount-text.js'
import {workspacePaths} from '../config/paths.js'
import {readHookState, type SettingsPlaces} from '../hooks/hook-state.js'
import type {OwnSettings} from '../hooks/merge-hooks.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import {readLastPush} from '../push/last-push.js'
import {readLastPull} from '../session-start/last-pull.js'
import type {StatusReport} from '../status/read-status.js'
import type {CatalogCheck} from '../verify/verify-report.js'
import {readMarker} from '../workspace/workspace-marker.js'
import {ok, type Check, type Finding} from './check.js'

export interface LocalDeps {
  workspace: Files
  clock: Clock
  places: SettingsPlaces
  wanted: OwnSettings
  /** `v20.19.0`. */
  nodeVersion: string
  /** Where the command `agnes` is found on PATH, `undefined` where it is not; whether that is this one. */
  onPath: () => Promise<{path: string; isThis: boolean} | undefined>
  freeBytes: () => Promise<number>
  staleAfterMs: number
  status: () => Promise<StatusReport>
  catalog: (signal: AbortSignal) => Promise<CatalogCheck>
}

const OLDEST_NODE = [20, 19]
const LITTLE_BYTES = 1 << 30
const NO_BYTES = 64 << 20

/** What can be seen without asking the server. */
export function localChecks(deps: LocalDeps): Check[] {
  const at = (id: string, title: string, run: Check['run'], needs: string[] = ['workspace']) => ({
    id,
    title,
    needs,
    run,
  })
  return [
    at('node', 'Node', async () => checkNode(deps.nodeVersion), []),
    at('path', 'PATH', () => checkPath(deps), []),
    at('workspace', 'Workspace', () => checkWorkspace(deps), []),
    at('disk', 'Disk', () => checkDisk(deps)),
    at('hooks', 'Claude Code hooks', () => checkHooks(deps)),
    at('state', 'Record of tables', () => checkState(deps)),
    at('files', 'Table files', () => checkFiles(deps)),
    at('catalog', 'Catalog', (signal) => checkCatalog(deps, signal)),
    at('pull', 'Last pull', () => checkPull(deps)),
    at('push', 'Last push', () => checkPush(deps)),
  ]
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const [oldest = 0, least = 0] = OLDEST_NODE
  if (major > oldest || (major === oldest && minor >= least)) return ok(`Node ${version}.`)
  return {
    state: 'fail',
    message: `Node ${version} is too old; ${OLDEST_NODE.join('.')} or newer is needed.`,
    who: 'you',
    mend: 'npm install --global node@24',
    exitCode: 2,
  }
}

async function checkPath({onPath}: LocalDeps): Promise<Finding> {
  const found = await onPath()
  if (found?.isThis) return ok(`agnes is ${found.path}.`)
  return {
    state: 'warn',
    message: found
      ? `The command agnes is ${found.path}, another installation than this one. The hooks use this one.`
      : 'The command agnes is not on PATH. The hooks work without; you would type more.',
    who: 'you',
    mend: 'npm install --global agnes-cli',
  }
}

async function checkWorkspace({workspace}: LocalDeps): Promise<Finding> {
  const marker = await readMarker(workspace)
  if (marker?.completedAt) return ok(workspace.root)
  return {
    state: 'warn',
    message: `${workspace.root} was not set up to the end.`,
    who: 'you',
    mend: 'agnes init',
  }
}

async function checkDisk({freeBytes}: LocalDeps): Promise<Finding> {
  const free = await freeBytes()
  if (free >= LITTLE_BYTES) return ok(`${bytesText(free)} free.`)
  const message = `Only ${bytesText(free)} are free here.`
  const mend = 'Free some space; agnes disk-info says what the tables take'
  return free >= NO_BYTES
    ? {state: 'warn', message, who: 'you', mend}
    : {state: 'fail', message, who: 'you', mend, exitCode: 14}
}

async function checkHooks({places, wanted}: LocalDeps): Promise<Finding> {
  const {state, reason, disabledBy} = await readHookState(places, wanted)
  if (state === 'active') return ok('Sessions start on fresh data and send their transcript.')
  const message = reason ?? `The hooks are ${state}.`
  if (state === 'disabled') {
    const isManaged = disabledBy !== null && disabledBy.startsWith(places.managed.root)
    const mend = `Take that setting out of ${disabledBy ?? 'the settings'}.`
    return {state: 'fail', message, who: isManaged ? 'admin' : 'you', mend, exitCode: 2}
  }
  if (state === 'unreadable') {
    const mend = `Repair ${workspacePaths.settings}, then run: agnes hooks install`
    return {state: 'fail', message, who: 'you', mend, exitCode: 2}
  }
  return {state: 'fail', message, who: 'agnes', mend: 'agnes hooks install', exitCode: 2}
}

async function checkState({status}: LocalDeps): Promise<Finding> {
  const {stateDamage, tables} = await status()
  if (stateDamage === null) return ok(`${tables.length} tables are recorded.`)
  const message = `What is installed is not known for sure: ${stateDamage}.`
  return {state: 'fail', message, who: 'agnes', mend: 'agnes pull', exitCode: 10}
}

async function checkFiles({status}: LocalDeps): Promise<Finding> {
  const {tables} = await status()
  const broken = tables.filter(({state}) => state === 'missing' || state === 'changed')
  if (broken.length === 0)
    return ok('All have the size and time they were installed with; agnes verify reads them.')
  const names = broken.slice(0, 3).map(({name, state}) => `${name} (${state})`)
  const more = broken.length > 3 ? ` and ${broken.length - 3} more` : ''
  const message = `Not as installed: ${names.join(', ')}${more}.`
  return {state: 'fail', message, who: 'agnes', mend: 'agnes verify --repair', exitCode: 10}
}

async function checkCatalog({catalog, status}: LocalDeps, signal: AbortSignal): Promise<Finding> {
  const {state, reason, brokenViews} = await catalog(signal)
  const {tables, catalogBehind} = await status()
  const mend = 'agnes verify --repair'
  if (state === 'broken') {
    const message = reason ?? `${brokenViews.length} view(s) of the catalog do not work.`
    return {state: 'fail', message, who: 'agnes', mend, exitCode: 10}
  }
  if (state === 'absent' && tables.length > 0)
    return {
      state: 'fail',
      message: 'The catalog file is missing.',
      who: 'agnes',
      mend: 'agnes pull',
      exitCode: 10,
    }
  if (catalogBehind !== null)
    return {
      state: 'warn',
      message: 'The catalog is older than the tables.',
      who: 'agnes',
      mend: 'agnes pull',
    }
  return ok(state === 'unchecked' ? 'In use by another program.' : 'Every view works.')
}

async function checkPull({workspace, clock, staleAfterMs}: LocalDeps): Promise<Finding> {
  const last = await readLastPull(workspace)
  const mend = 'agnes pull'
  if (!last) return {state: 'warn', message: 'Nothing was pulled yet.', who: 'agnes', mend}
  if (last.exitCode !== 0) {
    const {exitCode} = last
    const message = `The last pull failed: ${last.message ?? ''}`
    return {state: 'fail', message, who: 'agnes', mend, exitCode}
  }
  const ageMs = clock.now() - Date.parse(last.lastSuccessAt ?? last.at)
  if (ageMs <= staleAfterMs) return ok(`Nothing failed, ${last.at.slice(0, 16)}Z.`)
  const hours = Math.floor(ageMs / 3_600_000)
  return {state: 'warn', message: `The tables are ${hours} hours old.`, who: 'agnes', mend}
}

async function checkPush({workspace}: LocalDeps): Promise<Finding> {
  const last = await readLastPush({workspace})
  if (!last) return ok('Nothing was sent yet.')
  if (last.exitCode === 0) return ok(`Nothing failed, ${last.at.slice(0, 16)}Z.`)
  const message = `The last push failed: ${last.message ?? ''}`
  return {state: 'fail', message, who: 'agnes', mend: 'agnes push', exitCode: last.exitCode}
}
