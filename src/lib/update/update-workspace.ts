/**
 * Update: one repair of everything that keeps a workspace going, as often as one likes. Each *step* is
 * tried whatever became of the others, and tells what it did; with `isCheck` none changes anything.
 */
import {
  type AgnesError,
  PartialError,
  toAgnesError,
  toErrorDocument,
  type ErrorDocument,
} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {HttpClient} from '../ports/http-client.js'
import type {PushOutcome} from '../push/push-sessions.js'
import type {PullResult} from '../sync/pull-result.js'
import {readWelcome, type Welcome} from '../workspace/server-welcome.js'
import {writeWorkspace, type WrittenFile} from '../workspace/write-workspace.js'
import {dryRunFiles} from './dry-run-files.js'

export interface UpdateDeps {
  /** Rooted at the real path. */
  workspace: Files
  packageFiles: Files
  folders: Folders
  clock: Clock
  version: string
  sanitize(text: string): string
  /** Origin. */
  server: string
  http(): Promise<HttpClient>
  pull(isPlanOnly: boolean, signal: AbortSignal): Promise<PullResult>
  push(isDryRun: boolean, signal: AbortSignal): Promise<PushOutcome>
}

/** The `--json` document of `agnes update`. */
export interface UpdateReport {
  /** Absolute. */
  workspace: string
  server: string
  /** Nothing was changed: what stands in `steps` would be done. */
  isCheck: boolean
  /** Nothing was to be done, nothing failed. */
  isCurrent: boolean
  steps: UpdateStep[]
}

export interface UpdateStep {
  /** `settings`, `texts`, `pull`, `push`: hooks and status line; CLAUDE.md, commands, notes of one's own; tables and company notes; transcripts. */
  name: 'settings' | 'texts' | 'pull' | 'push'
  /** `left`: not touched, because it is the analyst's or cannot be read. */
  state: 'unchanged' | 'changed' | 'would_change' | 'left' | 'failed'
  /** What was done or found, a phrase each. */
  details: string[]
  /** Why it failed; `null` otherwise. */
  error: ErrorDocument['error'] | null
}

export interface UpdateOutcome {
  report: UpdateReport
  failure: AgnesError | undefined
}

export async function updateWorkspace(
  deps: UpdateDeps,
  {isCheck}: {isCheck: boolean},
  signal: AbortSignal,
): Promise<UpdateOutcome> {
  const changed = isCheck ? 'would_change' : 'changed'
  const welcome = await welcomeOf(deps, signal)
  const files = await writeFiles(deps, welcome, isCheck)
  const isSettings = ({path}: WrittenFile) => path.endsWith('settings.json')
  const steps: UpdateStep[] = [
    filesStep('settings', files.filter(isSettings), changed),
    filesStep(
      'texts',
      files.filter((file) => !isSettings(file)),
      changed,
    ),
    await attempt('pull', signal, async () => pullStep(await deps.pull(isCheck, signal), changed)),
    await attempt('push', signal, async () => pushStep(await deps.push(isCheck, signal), changed)),
  ]
  const isCurrent = steps.every(({state}) => state === 'unchanged' || state === 'left')
  const report = {workspace: deps.workspace.root, server: deps.server, isCheck, isCurrent, steps}
  return {report, failure: failureOf(steps, isCheck)}
}

async function welcomeOf(deps: UpdateDeps, signal: AbortSignal): Promise<Welcome> {
  try {
    return await readWelcome(await deps.http(), deps.sanitize, signal)
  } catch (error) {
    signal.throwIfAborted()
    // Not signed in: the pull says so. The text that is there stays.
    return {kind: 'unknown', reason: toAgnesError(error).message}
  }
}

function writeFiles(deps: UpdateDeps, welcome: Welcome, isCheck: boolean): Promise<WrittenFile[]> {
  const workspace = isCheck ? dryRunFiles(deps.workspace) : deps.workspace
  const now = new Date(deps.clock.now()).toISOString()
  return writeWorkspace({...deps, workspace, welcome, now})
}

function filesStep(
  name: UpdateStep['name'],
  files: readonly WrittenFile[],
  changed: UpdateStep['state'],
): UpdateStep {
  const touched = files.filter(({action}) => action === 'created' || action === 'updated')
  const left = files.filter(({action}) => action === 'left')
  const state = touched.length > 0 ? changed : left.length > 0 ? 'left' : 'unchanged'
  return {
    name,
    state,
    details: [
      ...touched.map(({path, action}) => `${path} ${action}`),
      ...left.map(({path, reason}) => `${path} left as it is: ${reason}`),
    ],
    error: null,
  }
}

function pullStep(result: PullResult, changed: UpdateStep['state']): UpdateStep {
  const {downloaded, pruned, failed, notes} = result
  const details = [
    ...(downloaded.length > 0 ? [`${downloaded.length} table(s) fetched`] : []),
    ...(pruned.length > 0 ? [`${pruned.length} table(s) removed`] : []),
    ...(notes.state === 'updated' ? ['company notes updated'] : []),
    ...failed.map(({table, error}) => `${table}: ${error}`),
  ]
  if (!result.ok)
    return failedStep('pull', new PartialError('Not everything could be refreshed.'), details)
  return {name: 'pull', state: details.length > 0 ? changed : 'unchanged', details, error: null}
}

function pushStep({result, failure}: PushOutcome, changed: UpdateStep['state']): UpdateStep {
  const count = result.sessions.length
  const isNotes = result.notes.state === 'sent' || result.notes.state === 'would_send'
  const details = [
    ...(count > 0 ? [`${count} session(s) sent`] : []),
    ...(isNotes ? ['local notes sent'] : []),
  ]
  if (failure) return failedStep('push', failure, details)
  return {name: 'push', state: details.length > 0 ? changed : 'unchanged', details, error: null}
}

async function attempt(
  name: UpdateStep['name'],
  signal: AbortSignal,
  work: () => Promise<UpdateStep>,
): Promise<UpdateStep> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    return failedStep(name, toAgnesError(error), [])
  }
}

function failedStep(name: UpdateStep['name'], error: AgnesError, details: string[]): UpdateStep {
  return {name, state: 'failed', details, error: toErrorDocument(error).error}
}

function failureOf(steps: readonly UpdateStep[], isCheck: boolean): AgnesError | undefined {
  const failed = steps.filter(({state}) => state === 'failed')
  if (failed.length > 0)
    return new PartialError(
      failed.map(({name, error}) => `${name} failed: ${error?.message ?? ''}`).join('\n'),
      {hint: 'Run `agnes doctor` to see what is wrong; what is done stays done.'},
    )
  const due = steps.filter(({state}) => state === 'would_change').map(({name}) => name)
  if (!isCheck || due.length === 0) return undefined
  return new PartialError(`Not up to date: ${due.join(', ')}.`, {
    code: 'update_due',
    hint: 'Run: agnes update',
  })
}
