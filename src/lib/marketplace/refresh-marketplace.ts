import {AgnesError, PartialError, UnreachableError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Lock} from '../ports/lock.js'
import type {ClaudePlugins} from './claude-plugins.js'
import type {FetchedArchive} from './fetch-zip.js'
import type {PluginAction, RefusedPlugin} from './marketplace-model.js'
import {planPlugins, type PluginPlan} from './plan-plugins.js'
import {readArchive} from './read-archive.js'
import {readOffer} from './read-offer.js'
import {putOnShelf, readShelf, treeHash, type ShelfRecord} from './shelf.js'

export interface RefreshOptions {
  /** Say what would change; write nothing and change no plugin. */
  isCheck: boolean
  transport: 'zip' | 'git'
}

export interface RefreshDeps {
  /** Absolute real path of the workspace. */
  workspace: string
  server: string
  /** Rooted at the folder that Claude Code knows as the marketplace. */
  shelf: Files
  lock: Lock
  claude: ClaudePlugins
  /** By git; `known` is the commit on the shelf. */
  fetchGit(known: string | undefined, signal?: AbortSignal): Promise<FetchedArchive>
  fetchZip(known: string | undefined, signal?: AbortSignal): Promise<FetchedArchive>
}

export interface PluginOutcome extends PluginAction {
  state: 'planned' | 'done' | 'failed'
  /** Why it failed. */
  reason: string | null
}

export interface MarketplaceRefreshResult {
  workspace: string
  server: string
  transport: 'zip' | 'git'
  isCheck: boolean
  /** True when the server offers other files than at the last refresh. */
  isNew: boolean
  /** What the server offers this person. */
  offered: {name: string; version: string; description: string}[]
  /** Listed by the server, and unusable. */
  refused: RefusedPlugin[]
  /** What was done, or with --check what would be. */
  plugins: PluginOutcome[]
  /** Installed, not on offer any more, and kept because the server offers nothing at all. */
  kept: string[]
  /** False when the `claude` command is not there: then no plugin was looked at. */
  hasClaude: boolean
  /** False when a plugin could not be changed. */
  ok: boolean
}

const PATIENCE_MS = 60_000

/**
 * Brings the shelf in step with the server and the installed plugins in step with the shelf. A failure
 * before the plan changes nothing; one plugin that fails does not stop the others.
 */
export async function refreshMarketplace(
  deps: RefreshDeps,
  options: RefreshOptions,
  signal?: AbortSignal,
): Promise<{result: MarketplaceRefreshResult; failure: AgnesError | undefined}> {
  if (options.isCheck) return refresh(deps, options, signal)
  const held = {waitMs: PATIENCE_MS, command: 'agnes marketplace refresh'}
  return deps.lock.hold(held, () => refresh(deps, options, signal), signal)
}

async function refresh(deps: RefreshDeps, options: RefreshOptions, signal?: AbortSignal) {
  const {record, isNew} = await stock(deps, options, signal)
  // Before anything is told to the client: it may take over new versions by itself.
  const plan = await planOrNone(deps, record, signal)
  const plugins =
    plan === undefined
      ? []
      : options.isCheck
        ? plan.actions.map((action) => ({...action, state: 'planned' as const, reason: null}))
        : await carryOut(deps, {plan, isNew, isEmpty: record.offer.plugins.length === 0}, signal)
  const failed = plugins.filter(({state}) => state === 'failed')
  const result: MarketplaceRefreshResult = {
    workspace: deps.workspace,
    server: deps.server,
    transport: record.transport,
    isCheck: options.isCheck,
    isNew,
    offered: record.offer.plugins.map(({name, version, description}) => ({
      name,
      version,
      description,
    })),
    refused: record.offer.refused,
    plugins,
    kept: plan?.kept ?? [],
    hasClaude: plan !== undefined,
    ok: failed.length === 0,
  }
  return {result, failure: failed.length === 0 ? undefined : partial(failed)}
}

/** What is on the shelf afterwards; with --check, what would be. */
async function stock(
  deps: RefreshDeps,
  {isCheck, transport}: RefreshOptions,
  signal?: AbortSignal,
): Promise<{record: ShelfRecord; isNew: boolean}> {
  const before = await readShelf(deps.shelf)
  const known = before?.transport === transport ? before.version : undefined
  const fetch = transport === 'git' ? deps.fetchGit : deps.fetchZip
  const fetched = await fetch(known, signal)
  if (fetched.kind === 'same' && before) return {record: before, isNew: false}
  if (fetched.kind === 'same')
    throw new UnreachableError('The server says that nothing changed, and was not asked that.', {
      code: 'bad_answer',
      hint: 'Run: agnes marketplace refresh',
    })
  const files = await readArchive(fetched.bytes, undefined, signal)
  const offer = readOffer(files)
  const tree = treeHash(files)
  const record: ShelfRecord = {format: 1, transport, version: fetched.version, tree, offer}
  if (!isCheck) await putOnShelf(deps.shelf, files, record, signal)
  return {record, isNew: tree !== before?.tree}
}

async function planOrNone(
  {claude}: RefreshDeps,
  {offer}: ShelfRecord,
  signal?: AbortSignal,
): Promise<PluginPlan | undefined> {
  try {
    return planPlugins(offer, await claude.installed(signal))
  } catch (error) {
    if (error instanceof AgnesError && error.code === 'program_missing') return undefined
    throw error
  }
}

async function carryOut(
  {claude, shelf}: RefreshDeps,
  {plan, isNew, isEmpty}: {plan: PluginPlan; isNew: boolean; isEmpty: boolean},
  signal?: AbortSignal,
): Promise<PluginOutcome[]> {
  if (isEmpty) return []
  const isAdded = await claude.register(shelf.root, signal)
  if (!isAdded && (isNew || plan.actions.length > 0)) await claude.reread(signal)
  const outcomes: PluginOutcome[] = []
  for (const action of plan.actions)
    try {
      await claude.apply(action, signal)
      outcomes.push({...action, state: 'done', reason: null})
    } catch (error) {
      if (signal?.aborted || !(error instanceof AgnesError)) throw error
      outcomes.push({...action, state: 'failed', reason: error.message})
    }
  if (outcomes.length === 0) return []
  const now = await claude.installed(signal)
  return outcomes.map((outcome) => confirmed(outcome, now))
}

/** The client may say that all went well and have done nothing. */
function confirmed(
  outcome: PluginOutcome,
  now: Awaited<ReturnType<ClaudePlugins['installed']>>,
): PluginOutcome {
  if (outcome.state !== 'done') return outcome
  const found = now.find(({name}) => name === outcome.name)
  // Whoever switched one off before an update wants it so; a new one that is off is of no use.
  const isOff = outcome.action === 'install' && found?.isEnabled === false
  const isSo = outcome.action === 'remove' ? !found : found?.version === outcome.to && !isOff
  if (isSo) return outcome
  const has = found
    ? `has version ${found.version ?? '?'}${isOff ? ', switched off' : ''}`
    : 'does not have it'
  return {...outcome, state: 'failed', reason: `Claude Code said it was done, and ${has}.`}
}

function partial(failed: readonly PluginOutcome[]): PartialError {
  const lines = failed.map(({action, name, reason}) => `${action} ${name}: ${reason}`)
  return new PartialError(`Not every plugin could be changed:\n  ${lines.join('\n  ')}`, {
    hint: 'Run `agnes marketplace refresh` again; what is done stays done.',
    details: {failed: failed.map(({name}) => name)},
  })
}
