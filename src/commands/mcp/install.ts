import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {UsageError} from '../../lib/errors.js'
import {installEntry, mcpEntry, userFile} from '../../lib/mcp/install-entry.js'
import type {EntryOutcome, McpEntry} from '../../lib/mcp/install-entry.js'
import {MODES} from '../../lib/mcp/policy.js'
import {mcpInstallText} from '../../lib/present/mcp-install-text.js'
import {openOwnedFile} from '../../lib/workspace/owned-file.js'

export interface McpInstallResult {
  scope: 'project' | 'user'
  /** Absolute, of the file. */
  path: string
  state: EntryOutcome['state']
  /** Why nothing was written; `null` unless `state` is `left`. */
  reason: string | null
  /** What starts the server. */
  entry: McpEntry
}

export default class McpInstall extends BaseCommand<McpInstallResult> {
  static override summary = 'Tell Claude Code of the MCP server'
  static override description =
    'Writes one entry by merge: into .mcp.json of the workspace, or with --scope user into .claude.json of ' +
    'this account, bound to the workspace. Everything else in the file stays as it is; a file that is not ' +
    'understood, or whose entry of that name runs another program, is left alone.'
  static override examples = [
    '<%= config.bin %> mcp install',
    '<%= config.bin %> mcp install --scope user --mode read',
  ]
  static override flags = {
    scope: Flags.option({
      options: ['project', 'user'] as const,
      summary: 'For who works in this workspace, or for this account anywhere',
      default: 'project' as const,
    })(),
    mode: Flags.option({
      options: MODES,
      summary: 'What the agent may do',
      default: 'snapshot' as const,
    })(),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<McpInstallResult> {
    const {flags} = await this.parse(McpInstall)
    const {scope, mode} = flags
    const {folders, filesAt, env, findWorkspace} = this.context
    const {root} = await findWorkspace(flags.workspace)
    const {folder, name} = scope === 'user' ? userFile(env) : {folder: root, name: '.mcp.json'}
    const workspace = filesAt(await folders.realPath(folder))
    const entry = mcpEntry(mode, scope === 'user' ? root : undefined)
    const outcome = await installEntry(await openOwnedFile({workspace, folders}, name), entry)
    const path = workspace.absolute(name)
    const result = {scope, path, ...outcome, entry}
    await this.present(result, mcpInstallText)
    if (outcome.state === 'left')
      await this.presentFailure(
        new UsageError(`${path} was left alone: ${outcome.reason}.`, {
          code: 'mcp_file_left',
          hint: 'Repair the file or rename its entry, then run: agnes mcp install',
        }),
      )
    return result
  }
}
