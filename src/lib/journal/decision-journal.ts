/**
 * The journal of decisions: what was changed, or paid for, on somebody's behalf, and on what grounds.
 * Vocabulary: a *decision* is written down in two lines, `began` before anything happens and `ended` with
 * its result; without the second one nobody knows how it went. Full files are put aside as *parts*. This room
 * only appends, reads, and lets the oldest parts go, which it writes down; it never rewrites a line and never
 * decides.
 */
import {workspacePaths} from '../config/paths.js'
import {FULL_BYTES, rotate, type JournalDeps} from './journal-files.js'

/** What is known before it is done. Values are plain JSON, without secrets. */
export interface DecisionStart {
  /** E-mail address as the token says, unverified; `null` when nobody is signed in. */
  user: string | null
  /** The program that asked, as it calls itself. */
  client: string | null
  /** Rails the program ran on: `read`, `snapshot`, `admin`. */
  mode: string
  action: string
  /** Origin; `null` for what stays on this computer. */
  server: string | null
  /** As given by who asked. */
  why: string | null
  /** The look it stands on: an estimate, a plan, a listing; `null` where none was due. */
  seen: unknown
  /** The request, whole. */
  did: unknown
  /** The lock that is held meanwhile, see `inSlot`; `null` or absent for none. */
  slot?: number | null
}

export interface DecisionEnd {
  /** `unfinished`: its process ended in the middle; noted by a later one. */
  result: 'done' | 'failed' | 'cancelled' | 'unfinished'
  /** Of the error; `null` when done. */
  code: string | null
  message: string | null
  /** What came of it; `null` when nothing did. */
  outcome: unknown
  /** `null` where nobody saw the end. */
  durationMs: number | null
}

export class DecisionJournal {
  private writing: Promise<unknown> = Promise.resolve()

  constructor(private readonly deps: JournalDeps) {}

  /** On disk when it resolves: what cannot be written down is not to be done. Returns the decision's id. */
  async begin(start: DecisionStart): Promise<string> {
    const id = this.deps.random.hex(8)
    await this.append({kind: 'began', format: 1, id, at: this.now(), ...start})
    return id
  }

  async end(id: string, end: DecisionEnd): Promise<void> {
    await this.append({kind: 'ended', id, at: this.now(), ...end})
  }

  private now(): string {
    return new Date(this.deps.clock.now()).toISOString()
  }

  private async append(line: object): Promise<void> {
    const turn = this.writing.then(() => this.write(`${JSON.stringify(line)}\n`))
    this.writing = Promise.allSettled([turn])
    await turn
  }

  /** A line that a crash cut off must not swallow the next one. */
  private async write(line: string): Promise<void> {
    const {workspace} = this.deps
    const path = workspacePaths.journal
    let size = (await workspace.stat(path))?.sizeBytes ?? 0
    if (size >= FULL_BYTES) {
      await rotate(this.deps)
      size = (await workspace.stat(path))?.sizeBytes ?? 0
    }
    const last = size > 0 ? await this.lastCharacter(size) : '\n'
    await workspace.append(path, last === '\n' ? line : `\n${line}`)
  }

  /** A line break where another process puts the file aside at this moment: the next one begins empty. */
  private async lastCharacter(size: number): Promise<string> {
    let last = '\n'
    try {
      const place = {from: size - 1, to: size}
      for await (const bytes of this.deps.workspace.readBytes(workspacePaths.journal, place))
        last = Buffer.from(bytes).toString('latin1')
    } catch (error) {
      const now = (await this.deps.workspace.stat(workspacePaths.journal))?.sizeBytes ?? 0
      if (now >= size) throw error
    }
    return last
  }
}
