import {z} from 'zod/mini'
import {ConflictError, MissingError} from '../../errors.js'
import type {Files} from '../../ports/files.js'
import type {JobOutcome} from '../../ports/job-runner.js'
import type {Logger} from '../../ports/logger.js'
import type {DaemonSettings} from '../daemon-settings.js'
import {afterVainAttempt, nextToMend, reconcile} from './findings.js'
import {FINDING_KINDS, type Finding, type Observation} from '../model.js'

const FILE = 'daemon-findings.json'
const JOURNAL = 'logs/daemon-journal.ndjson'
const MAX_JOURNAL_BYTES = 4 * 1024 * 1024

const Stored = z.object({
  format: z.literal(1),
  findings: z.array(
    z.object({
      id: z.string(),
      workspace: z.string(),
      kind: z.enum(FINDING_KINDS),
      subject: z.string(),
      message: z.string(),
      action: z.nullable(z.array(z.string())),
      policy: z.enum(['auto', 'notify', 'ask', 'off']),
      state: z.enum(['open', 'waiting', 'approved', 'denied', 'broken']),
      since: z.string(),
      attempts: z.number(),
    }),
  ),
  /** Ids of approved findings whose action had begun. */
  begun: z.optional(z.array(z.string())),
})

/** One line of the journal: what was seen, what was decided, and what came of it. */
interface Decision {
  at: string
  workspace: string
  finding: string
  kind: Finding['kind']
  subject: string
  decision:
    'found' | 'mend' | 'helped' | 'vain' | 'gave_up' | 'cut_short' | 'gone' | 'approved' | 'denied'
  action: readonly string[] | null
  message: string
  exitCode?: number
  isStillThere?: boolean
}

export interface BookDeps {
  /** The config folder. */
  config: Files
  logger: Logger
  settings: () => DaemonSettings
  /** A finding nobody has been told of yet, or one that could not be mended. */
  tell: (finding: Finding) => Promise<void>
}

/** The findings of all workspaces; kept on disk, so that an approval survives the daemon. */
export class FindingBook {
  private findings: Finding[] = []
  private readonly begun = new Set<string>()
  private writing: Promise<void> = Promise.resolve()
  /** In turn as well: of two workspaces that find the journal full, one moves it away. */
  private noting: Promise<void> = Promise.resolve()

  private constructor(private readonly deps: BookDeps) {}

  /**
   * A damaged file is started anew: what stands is found again within a minute. What was approved and had
   * begun when the daemon was killed is asked again: an approval is for one try.
   */
  static async open(deps: BookDeps, now: string): Promise<FindingBook> {
    const book = new FindingBook(deps)
    // Of daemons that were killed while they wrote; there is no other now.
    for (const name of await deps.config.list('.'))
      if (name.startsWith(`${FILE}.`) && name.endsWith('.tmp')) await deps.config.remove(name)
    const text = await deps.config.readText(FILE)
    if (text === undefined) return book
    const stored = Stored.safeParse(parse(text))
    if (stored.success) {
      book.findings = stored.data.findings
      await book.askAgain(stored.data.begun ?? [], now)
    } else deps.logger.warn('findings.damaged', {path: deps.config.absolute(FILE)})
    return book
  }

  list(): Finding[] {
    return [...this.findings]
  }

  nextToMend(workspace: string): Finding | undefined {
    return nextToMend(this.of(workspace))
  }

  /** Takes over what the sensors of one workspace see now, and tells what is new. */
  async update(workspace: string, seen: readonly Observation[], now: string): Promise<void> {
    const {policies} = this.deps.settings()
    const {findings, news, gone} = reconcile(this.of(workspace), seen, {workspace, policies, now})
    const before = JSON.stringify(this.findings)
    this.findings = [...this.findings.filter((other) => other.workspace !== workspace), ...findings]
    for (const finding of news) await this.note(finding, 'found', now)
    for (const finding of gone) await this.note(finding, 'gone', now)
    if (JSON.stringify(this.findings) !== before) await this.save()
    for (const finding of news) if (finding.policy !== 'auto') await this.deps.tell(finding)
  }

  /** An action is about to run. */
  async begin(finding: Finding, now: string): Promise<void> {
    await this.note(finding, 'mend', now)
    if (finding.state !== 'approved') return
    this.begun.add(finding.id)
    await this.save()
  }

  /** An action was stopped because the daemon ends: its approval holds for the next one. */
  async putBack(finding: Finding, now: string): Promise<void> {
    await this.note(finding, 'cut_short', now)
    if (this.begun.delete(finding.id)) await this.save()
  }

  /** An action has run; `seen` is what the sensors see after it. */
  async finish(
    finding: Finding,
    {seen, outcome, now}: {seen: readonly Observation[]; outcome: JobOutcome; now: string},
  ): Promise<void> {
    const isStillThere = seen.some(
      ({kind, subject}) => kind === finding.kind && subject === finding.subject,
    )
    const facts = {exitCode: outcome.exitCode, isStillThere}
    this.begun.delete(finding.id)
    if (!isStillThere) {
      this.findings = this.findings.filter(({id}) => id !== finding.id)
      await this.note(finding, 'helped', now, facts)
    } else {
      const current = this.findings.find(({id}) => id === finding.id) ?? finding
      // What a person has decided meanwhile stands.
      const after = current.state === finding.state ? afterVainAttempt(finding) : current
      this.replace(after)
      await this.note(after, after.state === 'broken' ? 'gave_up' : 'vain', now, facts)
      if (after.state === 'broken') await this.deps.tell(after)
    }
    await this.save()
  }

  /** @throws MissingError for an unknown id; ConflictError where there is nothing to approve */
  async decide(id: string, decision: 'approved' | 'denied', now: string): Promise<Finding> {
    const finding = this.byId(id)
    if (decision === 'approved' && finding.action === null)
      throw new ConflictError(`Finding ${finding.id} has nothing to approve: ${finding.message}`, {
        code: 'nothing_to_approve',
        hint: 'It goes by itself once its cause has gone; `agnes daemon deny` keeps it quiet.',
      })
    const decided: Finding = {...finding, state: decision, attempts: 0}
    this.replace(decided)
    await this.note(decided, decision, now)
    await this.save()
    return decided
  }

  /** Those of workspaces that are not kept any more. */
  async forget(workspace: string): Promise<void> {
    if (this.of(workspace).length === 0) return
    this.findings = this.findings.filter((finding) => finding.workspace !== workspace)
    await this.save()
  }

  private async askAgain(begun: readonly string[], now: string): Promise<void> {
    const cut = this.findings.filter(({id, state}) => state === 'approved' && begun.includes(id))
    for (const finding of cut) {
      const asked: Finding = {...finding, state: finding.policy === 'ask' ? 'waiting' : 'open'}
      this.replace(asked)
      await this.note(asked, 'cut_short', now)
      await this.deps.tell(asked)
    }
    if (cut.length > 0) await this.save()
  }

  private byId(id: string): Finding {
    const found = this.findings.filter((finding) => id !== '' && finding.id.startsWith(id))
    const [only] = found
    if (only && found.length === 1) return only
    throw new MissingError(
      only ? `${found.length} findings begin with ${id}.` : `There is no finding ${id}.`,
      {code: 'finding_not_found', hint: 'List them with: agnes daemon findings'},
    )
  }

  private of(workspace: string): Finding[] {
    return this.findings.filter((finding) => finding.workspace === workspace)
  }

  private replace(finding: Finding): void {
    this.findings = this.findings.map((other) => (other.id === finding.id ? finding : other))
  }

  /** In turn, so that the newest content is the last one written. */
  private save(): Promise<void> {
    const write = async () => {
      const {findings} = this
      const begun = [...this.begun].filter((id) => findings.some((finding) => finding.id === id))
      const text = JSON.stringify({format: 1, findings, begun}, null, 2) + '\n'
      await this.deps.config.writeAtomic(FILE, text, {mode: 0o600})
    }
    this.writing = this.writing.then(write, write)
    return this.writing
  }

  private note(
    finding: Finding,
    decision: Decision['decision'],
    at: string,
    facts: {exitCode?: number; isStillThere?: boolean} = {},
  ): Promise<void> {
    const {id, workspace, kind, subject, action, message} = finding
    const line: Decision = {
      at,
      workspace,
      finding: id,
      kind,
      subject,
      decision,
      action,
      message,
      ...facts,
    }
    const append = () => this.append(JSON.stringify(line) + '\n')
    this.noting = this.noting.then(append, append)
    return this.noting
  }

  private async append(line: string): Promise<void> {
    const {config} = this.deps
    const size = (await config.stat(JOURNAL))?.sizeBytes ?? 0
    if (size > MAX_JOURNAL_BYTES) await config.install(JOURNAL, `${JOURNAL}.1`)
    await config.append(JOURNAL, line)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The same as a file that says something else.
    return undefined
  }
}
