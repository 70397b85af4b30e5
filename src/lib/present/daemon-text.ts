import type {DaemonFindingsResult} from '../../commands/daemon/findings.js'
import type {DaemonInstallResult} from '../../commands/daemon/install.js'
import type {DaemonLogsResult} from '../../commands/daemon/logs.js'
import type {DaemonPauseResult} from '../../commands/daemon/pause.js'
import type {DaemonApproveResult} from '../../commands/daemon/approve.js'
import type {DaemonStartResult} from '../../commands/daemon/start.js'
import type {DaemonStatusResult} from '../../commands/daemon/status.js'
import type {DaemonStopResult} from '../../commands/daemon/stop.js'
import type {DaemonSyncNowResult} from '../../commands/daemon/sync-now.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

type Daemon = NonNullable<DaemonStatusResult['daemon']>
type Workspace = Daemon['workspaces'][number]
type Server = Daemon['servers'][number]
type Finding = DaemonFindingsResult['findings'][number]
type Style = Parameters<typeof paint>[1]

export const daemonRunningText = 'Keeping every workspace fresh. Ctrl-C ends it.\n'

const NOT_RUNNING = 'No daemon is running. Start it with: agnes daemon start'

export function startedDaemonText({outcome, pid, version}: DaemonStartResult): string {
  const which = `process ${pid}, version ${sanitizeLine(version)}`
  if (outcome === 'already_running') return `The daemon is running already (${which}).`
  const replaced = outcome === 'replaced' ? ' One of another version was stopped.' : ''
  return `The daemon is running (${which}).${replaced} See what it does with: agnes daemon status`
}

export function stoppedDaemonText({pid}: DaemonStopResult): string {
  return pid === null ? 'No daemon was running.' : `The daemon (process ${pid}) has stopped.`
}

/** In a pipe: one fact a line, its kind first. */
export function daemonStatusText({daemon}: DaemonStatusResult, terminal: Terminal): string {
  if (!daemon) return terminal.isTty ? NOT_RUNNING : 'daemon\tnot_running'
  const {workspaces, servers, findings} = daemon
  if (!terminal.isTty)
    return [
      ['daemon', 'running', daemon.pid, daemon.version, daemon.startedAt, daemon.pausedUntil ?? ''],
      ...servers.map((server) => ['server', ...serverCells(server)]),
      ...workspaces.map((workspace) => ['workspace', ...workspaceCells(workspace)]),
      ...findings.map((finding) => ['finding', ...findingCells(finding)]),
    ]
      .map(tabbed)
      .join('\n')
  const {pausedUntil} = daemon
  const pause = pausedUntil === null ? '' : `, paused ${pauseEnd(pausedUntil)}`
  const head = `Daemon ${sanitizeLine(daemon.version)}, process ${daemon.pid}, since ${shortTimes(daemon.startedAt)}${pause}`
  return [
    paint(terminal, 'bold', head),
    ...section('Server', servers.map(serverCells)),
    ...section('Workspace', workspaces.map(workspaceCells)),
    ...(findings.length > 0 ? ['', findingsText({findings}, terminal)] : []),
  ].join('\n')
}

export function findingsText({findings}: DaemonFindingsResult, terminal: Terminal): string {
  if (!terminal.isTty) return findings.map((finding) => tabbed(findingCells(finding))).join('\n')
  if (findings.length === 0) return 'Nothing is amiss.'
  return findings.map((finding) => findingBlock(finding, terminal)).join('\n')
}

export function decidedText({finding}: DaemonApproveResult): string {
  const what = sanitizeLine(finding.message)
  if (finding.state === 'denied') return `Left alone: ${what}`
  return `Approved: ${what}\nThe daemon runs: agnes ${sanitizeLine((finding.action ?? []).join(' '))}`
}

export function serviceText({kind, path, outcome}: DaemonInstallResult): string {
  const what = `The ${kind} ${sanitizeLine(path)}`
  if (outcome === 'removed') return `${what} is gone; the daemon does not start by itself any more.`
  if (outcome === 'unchanged') return `${what} was as it should be.`
  return `${what} is ${outcome}; the daemon runs now and with every sign-in.`
}

export function pausedText({pausedUntil}: DaemonPauseResult): string {
  return pausedUntil === null
    ? 'The daemon works.'
    : `The daemon is paused ${pauseEnd(pausedUntil)}.`
}

export function syncNowText({workspaces}: DaemonSyncNowResult, terminal: Terminal): string {
  const rows = workspaces.map(({path, outcome}) => {
    if (outcome === null) return [path, 'started', '']
    return [path, outcome.kind, outcome.kind === 'done' ? '' : outcome.message]
  })
  if (!terminal.isTty) return rows.map(tabbed).join('\n')
  return alignColumns(rows.map((row) => row.map(sanitizeLine))).join('\n')
}

/** One event a line: time, level, event, fields as JSON. */
export function logText({events, path}: DaemonLogsResult, terminal: Terminal): string {
  if (events.length === 0)
    return terminal.isTty ? `Nothing is logged in ${sanitizeLine(path)}.` : ''
  return events
    .map(({at, level, event, time: _time, ...fields}) => {
      const more = Object.keys(fields).length > 0 ? JSON.stringify(fields) : ''
      const line = tabbed([at, level, event, more])
      return level === 'error' || level === 'warn' ? paint(terminal, 'yellow', line) : line
    })
    .join('\n')
}

const FINDING_STYLES: Record<Finding['state'], Style> = {
  open: 'cyan',
  waiting: 'yellow',
  approved: 'cyan',
  denied: 'dim',
  broken: 'red',
}

function findingBlock(finding: Finding, terminal: Terminal): string {
  const {id, state, kind, message, workspace, action} = finding
  const label = paint(terminal, FINDING_STYLES[state], `${id}  ${state}  ${kind}`)
  const command = action === null ? undefined : `agnes ${sanitizeLine(action.join(' '))}`
  const next =
    state === 'waiting'
      ? `  ${command}   (do it: agnes daemon approve ${id}; leave it: agnes daemon deny ${id})`
      : command && `  ${command}`
  const where = paint(terminal, 'dim', `  ${sanitizeLine(workspace)}`)
  return [label, where, `  ${sanitizeLine(message)}`, ...(next ? [next] : [])].join('\n')
}

function section(title: string, rows: (string | number)[][]): string[] {
  if (rows.length === 0) return []
  const cells = rows.map((row) => row.map((cell) => sanitizeLine(shortTimes(String(cell)))))
  return ['', ...alignColumns(cells.map((row) => [title, ...row]))]
}

function serverCells({origin, lastAskedAt, nextAskAt, error, requests}: Server) {
  const state = error === null ? 'answers' : `${error.code} since ${error.since}`
  return [origin, state, `asked ${lastAskedAt ?? 'never'}`, `next ${nextAskAt ?? '-'}`, requests]
}

function workspaceCells({path, state, freshAt}: Workspace) {
  return [path, stateText(state), `fresh ${freshAt ?? 'never'}`]
}

function stateText(state: Workspace['state']): string {
  switch (state.kind) {
    case 'held':
      return `held (${state.why})`
    case 'error':
      return `error ${state.code}: ${state.message}`
    case 'mending':
      return `mending: ${state.command}`
    default:
      return state.kind
  }
}

function findingCells({id, state, kind, workspace, message, action}: Finding) {
  return [id, state, kind, workspace, message, action === null ? '' : `agnes ${action.join(' ')}`]
}

/** For people, who do not read milliseconds. */
function shortTimes(text: string): string {
  return text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{3}Z/g, '$1 $2 UTC')
}

function pauseEnd(until: string): string {
  return until === 'resumed' ? 'until `agnes daemon resume`' : `until ${until}`
}

function tabbed(cells: (string | number)[]): string {
  return cells.map((cell) => sanitizeLine(String(cell))).join('\t')
}
