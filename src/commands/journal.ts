import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {showJournal, type Journal} from '../lib/journal/show-journal.js'
import {journalText} from '../lib/present/journal-text.js'

/** Every field is described at `Journal`. */
export type JournalResult = Journal

export default class JournalCommand extends BaseCommand<JournalResult> {
  static override summary = 'Show what was changed or paid for through the MCP server'
  static override description =
    'Each decision with who asked, why, what had been looked at before, what was done and how it ended. ' +
    'Kept in .claude/agnes/journal.ndjson of the workspace, and when that is full in parts beside it; the same rows ' +
    'answer to agnes_journal in agnes query.'
  static override examples = [
    '<%= config.bin %> journal',
    '<%= config.bin %> journal --json',
    '<%= config.bin %> journal --out decisions.parquet',
  ]
  static override flags = {
    limit: Flags.integer({summary: 'Most decisions to show', default: 50, min: 1, helpValue: 'N'}),
    out: Flags.string({
      summary: 'Write all of them to a Parquet file instead',
      helpValue: 'FILE.parquet',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<JournalResult> {
    const {flags} = await this.parse(JournalCommand)
    const {context, signal} = this
    const {folders, random, filesAt, warehouse, currentDir, env, streams} = context
    const {root} = await context.findWorkspace(flags.workspace)
    const deps = {
      ...{workspace: filesAt(root), folders, random, filesAt, warehouse, currentDir, env},
      ...{output: streams.out, onFirstWrite: () => {}},
    }
    const result = await showJournal({limit: flags.limit, out: flags.out}, deps, signal)
    if (result.damagedLines > 0)
      this.addWarning(`${result.damagedLines} line(s) of the journal could not be read.`)
    if (result.letGo > 0)
      this.addWarning(`${result.letGo} older decision(s) were let go: the journal keeps 64 MiB.`)
    await this.present(result, journalText)
    return result
  }
}
