import {homedir, tmpdir, userInfo} from 'node:os'
import {join, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {MissingError} from '../errors.js'
import type {Env} from './env.js'

/** The only file that knows where things are. */

export function homeDirectory(env: Env): string {
  return env.home ?? homedir()
}

/** `$AGNES_CONFIG_DIR`, else `$XDG_CONFIG_HOME/agnes`, else `~/.config/agnes`. */
export function configDirectory(env: Env): string {
  if (env.configDir) return resolve(env.configDir)
  return env.xdgConfigHome
    ? join(resolve(env.xdgConfigHome), 'agnes')
    : join(homeDirectory(env), '.config', 'agnes')
}

/** Claude Code's folder of transcripts: `$CLAUDE_CONFIG_DIR/projects`, else `~/.claude/projects`. */
export function transcriptsDirectory(env: Env): string {
  return join(claudeDirectory(env), 'projects')
}

/** Claude Code's own folder: `$CLAUDE_CONFIG_DIR`, else `~/.claude`. */
export function claudeDirectory(env: Env): string {
  return env.claudeConfigDir ? resolve(env.claudeConfigDir) : join(homeDirectory(env), '.claude')
}

/** Where an administrator of the computer puts Claude Code's `managed-settings.json`. */
export function managedClaudeDirectory(platform: string = process.platform): string {
  if (platform === 'darwin') return '/Library/Application Support/ClaudeCode'
  return platform === 'win32' ? 'C:\\Program Files\\ClaudeCode' : '/etc/claude-code'
}

/** How to start this very installation, whatever PATH is: absolute paths. */
export function ownLauncher(): {node: string; script: string} {
  return {node: process.execPath, script: join(packageRoot(), 'bin', 'run.js')}
}

/** `MissingError` (code `folder_gone`) where it was removed since. */
export function currentDirectory(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new MissingError('The folder this command was started in is gone.', {
      code: 'folder_gone',
      hint: 'Go to a folder that is there, such as your workspace, and run it again.',
      cause,
    })
  }
}

/** For a process that answers for others: relative paths of SQL are those of whoever asks. */
export function enterDirectory(path: string): void {
  process.chdir(path)
}

/** A private folder of this user for sockets whose path in the config folder would be too long. */
export function runtimeDirectory(env: Env): string {
  return env.xdgRuntimeDir ?? join(tmpdir(), `agnes-${userInfo().username}`)
}

export function thisSystem(): {platform: string; user: string; uid: number} {
  const {username, uid} = userInfo()
  return {platform: process.platform, user: username, uid}
}

export function temporaryDirectory(): string {
  return tmpdir()
}

/** The root of the installed package, holding `templates/` and `hooks/`: found from source and from the bundle. */
export function packageRoot(): string {
  const here = fileURLToPath(import.meta.url)
  const marker = here.lastIndexOf('/dist/') >= 0 ? '/dist/' : '/src/'
  const normalized = here.replaceAll('\\', '/')
  return normalized.slice(0, normalized.lastIndexOf(marker))
}

/** Paths inside a workspace, relative to its root, with `/`. See docs/on-disk-formats.md. */
export const workspacePaths = {
  parquet: 'server/parquet',
  catalog: 'user/duckdb/analytics.duckdb',
  snapshots: 'user/snapshots',
  snapshotRecords: '.claude/agnes/snapshots',
  snapshotsLock: '.claude/agnes/snapshots.lock',
  settings: '.claude/settings.json',
  rules: '.claude/rules',
  commands: '.claude/commands',
  localNotes: '.claude/CLAUDE.local.md',
  claudeMd: 'CLAUDE.md',
  initComplete: '.claude/init-complete',
  state: '.claude/agnes/sync_state.json',
  stateJournal: '.claude/agnes/sync_state.journal',
  pullLock: '.claude/agnes/pull.lock',
  partials: '.claude/agnes/partials',
  catalogCache: '.claude/agnes/catalog-cache',
  pushLedger: '.claude/agnes/push-ledger.ndjson',
  pushLock: '.claude/agnes/push.lock',
  sessionsLock: '.claude/agnes/sessions.lock',
  publicSessions: '.claude/agnes/sessions-public.txt',
  ownSettings: '.claude/agnes/settings.json',
  localSettings: '.claude/settings.local.json',
  lastPull: '.claude/agnes/last-pull.json',
  lastPush: '.claude/agnes/last-push.json',
  toldTables: '.claude/agnes/told-tables.txt',
  backgroundLog: '.claude/agnes/background.log',
  journal: '.claude/agnes/journal.ndjson',
  decisionLock: '.claude/agnes/decision',
  privateSessions: '.claude/agnes-sessions-private.txt',
  uploadedSessions: '.claude/agnes-sessions-uploaded.txt',
} as const
