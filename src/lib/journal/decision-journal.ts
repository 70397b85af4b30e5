/**
 * The journal of decisions: what was changed, or paid for, on somebody's behalf, and on what grounds.
 * Vocabulary: a *decision* is written down in two lines, `began` before anything happens and `ended` with
 * its result; without the second one nobody knows how it went. This room only appends and reads; it never
 * rewrites a line and never decides.
 */
import {workspacePaths} from '../config/paths.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Random} from '../ports/random.js'

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
}

export interface DecisionEnd {
  result: 'done' | 'failed' | 'cancelled'
  /** Of the error; `null` when done. */
  code: string | null
  message: string | null
  /** What came of it; `null` when nothing did. */
  outcome: unknown
  durationMs: number
}

export interface JournalDeps {
  workspace: Files
  clock: Clock
  random: Random
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
    const size = (await workspace.stat(path))?.sizeBytes ?? 0
    let last = '\n'
    if (size > 0)
      for await (const bytes of workspace.readBytes(path, {from: size - 1, to: size}))
        last = Buffer.from(bytes).toString('latin1')
    await workspace.append(path, last === '\n' ? line : `\n${line}`)
  }
}
