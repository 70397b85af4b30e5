import {readFileSync} from 'node:fs'
import {mkdir, open, readdir, readFile, rm, stat, utimes} from 'node:fs/promises'
import {hostname, uptime} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {BusyError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Lock, LockHolder} from '../ports/lock.js'
import {errnoOf, translateFileError} from './file-errors.js'

const POLL_MS = 100
const HEARTBEAT_MS = 30_000
/** A holder on another host counts as dead when its heartbeat is this old. */
const FOREIGN_STALE_MS = 10 * 60_000
/** A lock file without content is being written; one this old never will be. */
const UNWRITTEN_STALE_MS = 5_000

/** What a lock file holds. */
interface Owner extends LockHolder {
  /** Start of the process in the kernel's own count, so that a reused pid is not taken for the holder. */
  startedAt: string
}

type Found =
  | {kind: 'free'; generation: number}
  | {kind: 'held' | 'unwritten'; generation: number; holder: LockHolder}

/**
 * A chain of generations instead of one file: `pull.lock.7` is the lock while its process lives and has
 * not released it. Whoever finds the newest generation dead creates the next one with O_EXCL, then looks
 * again and gives way to anything newer. Nothing is deleted before a newer generation exists, so two
 * processes cannot both take over from a dead one. One small file stays behind.
 */
export class FileLock implements Lock {
  constructor(
    /** Absolute; generations are `<path>.<n>`. */
    private readonly path: string,
    private readonly clock: Clock,
    /** Permission bits of the folder, should it have to be made. */
    private readonly folderMode = 0o777,
  ) {}

  async hold<T>(
    options: {waitMs: number; command: string; onWait?: (holder: LockHolder) => void},
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const file = await this.acquire(options, signal)
    const heartbeat = setInterval(
      () => void utimes(file, new Date(), new Date()).catch(() => undefined),
      HEARTBEAT_MS,
    )
    heartbeat.unref()
    try {
      return await work()
    } finally {
      clearInterval(heartbeat)
      await release(file)
    }
  }

  private async acquire(
    options: {waitMs: number; command: string; onWait?: (holder: LockHolder) => void},
    signal?: AbortSignal,
  ): Promise<string> {
    const started = this.clock.monotonicMs()
    // Whoever was killed while it wrote its name is told from a holder only by age.
    const patienceMs = {
      held: options.waitMs,
      unwritten: options.waitMs && Math.max(options.waitMs, UNWRITTEN_STALE_MS + 5 * POLL_MS),
    }
    let isTold = false
    for (;;) {
      signal?.throwIfAborted()
      const found = await this.look()
      if (found.kind === 'free') {
        const file = await this.claim(found.generation + 1, options.command)
        if (file !== undefined) return file
        continue
      }
      const waitedMs = this.clock.monotonicMs() - started
      if (waitedMs >= patienceMs[found.kind]) throw busy(found.holder)
      if (!isTold) options.onWait?.(found.holder)
      isTold = true
      await this.clock.sleep(POLL_MS, signal)
    }
  }

  /** The newest generation and whether its owner still has it. */
  private async look(): Promise<Found> {
    const generation = Math.max(0, ...(await this.generations()))
    if (generation === 0) return {kind: 'free', generation}
    const file = `${this.path}.${generation}`
    const [text, facts] = await Promise.all([
      readFile(file, 'utf8').catch(() => undefined),
      stat(file).catch(() => undefined),
    ])
    // It was there a moment ago: a newer one has taken its place.
    if (text === undefined || !facts) return this.look()
    const ageMs = this.clock.now() - facts.mtimeMs
    const owner = parseOwner(text)
    if (owner === 'released') return {kind: 'free', generation}
    if (owner === 'unwritten')
      return ageMs > UNWRITTEN_STALE_MS
        ? {kind: 'free', generation}
        : {kind: 'unwritten', generation, holder: unknownHolder(facts.mtimeMs)}
    const isAlive =
      owner.host === hostname() ? isRunning(owner, this.clock.now()) : ageMs < FOREIGN_STALE_MS
    const {pid, host, command, since} = owner
    return isAlive
      ? {kind: 'held', generation, holder: {pid, host, command, since}}
      : {kind: 'free', generation}
  }

  /** The lock file when we own it now; `undefined` when somebody was faster. */
  private async claim(generation: number, command: string): Promise<string | undefined> {
    const file = `${this.path}.${generation}`
    await mkdir(dirname(this.path), {recursive: true, mode: this.folderMode}).catch((error) => {
      throw translateFileError(error, dirname(this.path))
    })
    try {
      const handle = await open(file, 'wx')
      try {
        await handle.writeFile(JSON.stringify(this.owner(command)) + '\n')
      } finally {
        await handle.close()
      }
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return undefined
      throw translateFileError(error, file)
    }
    const others = await this.generations()
    if (others.some((other) => other > generation)) {
      await rm(file, {force: true})
      return undefined
    }
    for (const other of others)
      if (other < generation) await rm(`${this.path}.${other}`, {force: true})
    return file
  }

  private owner(command: string): Owner {
    return {
      pid: process.pid,
      host: hostname(),
      command,
      since: new Date(this.clock.now()).toISOString(),
      startedAt: processStart(process.pid) ?? '',
    }
  }

  private async generations(): Promise<number[]> {
    const prefix = `${basename(this.path)}.`
    const names = await readdir(dirname(this.path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw translateFileError(error, this.path)
    })
    return names
      .filter((name) => name.startsWith(prefix) && /^\d{1,15}$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
  }
}

/** Says so in place: deleting the newest generation would let two others claim the same number. */
async function release(file: string): Promise<void> {
  try {
    const handle = await open(file, 'r+')
    try {
      await handle.truncate(0)
      await handle.writeFile('released\n')
    } finally {
      await handle.close()
    }
  } catch (error) {
    // The whole folder may be gone, or a newer generation cleaned up: nothing is held either way.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function parseOwner(text: string): Owner | 'released' | 'unwritten' {
  if (text === 'released\n') return 'released'
  try {
    const owner = JSON.parse(text) as Owner
    return typeof owner.pid === 'number' && typeof owner.host === 'string' ? owner : 'unwritten'
  } catch {
    return 'unwritten'
  }
}

function isRunning({pid, startedAt, since}: Owner, nowMs: number): boolean {
  if (startedAt !== '' && processStart(process.pid) !== undefined)
    return processStart(pid) === startedAt
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  // Without /proc a pid may be reused, at least not from before the last boot.
  return Date.parse(since) > nowMs - uptime() * 1000 - 60_000
}

/** `boot id:start tick` of a running process on Linux; `undefined` when it is gone or cannot be told. */
function processStart(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const status = readFileSync(join('/proc', String(pid), 'stat'), 'utf8')
    // The command name, in parentheses, may hold spaces: count fields after it. Z and X are dead.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

function unknownHolder(mtimeMs: number): LockHolder {
  return {pid: 0, host: hostname(), command: 'agnes', since: new Date(mtimeMs).toISOString()}
}

function busy(holder: LockHolder): BusyError {
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`
  return new BusyError(
    `Another agnes is at work in this workspace: ${holder.command} (process ${holder.pid}${where}, since ${holder.since}).`,
    {code: 'locked', hint: 'Wait until it is done, then run the command again.', details: {holder}},
  )
}
