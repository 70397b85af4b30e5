import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {packageRoot} from '../lib/config/paths.js'
import {initText} from '../lib/present/init-text.js'
import {sanitize} from '../lib/present/sanitize.js'
import {initWorkspace, type InitOutcome} from '../lib/workspace/init-workspace.js'
import {prepareInit} from '../lib/workspace/prepare-init.js'

/** `workspace`, `server`, `isNew`, `signedIn`, `credentialStore`, `tablesListed`, `files`, `notes`: see InitOutcome. */
export interface InitResult extends InitOutcome {
  /** What the first pull did; `null` with --no-pull. */
  pull: object | null
}

const TOKEN_SOURCES = ['token', 'token-file', 'token-stdin']

export default class Init extends BaseCommand<InitResult> {
  static override summary = 'Make a folder a workspace: sign in, set it up, fetch the tables'
  static override description =
    'The token is checked before anything is written. It is taken from the flags, else from ' +
    'AGNES_TOKEN, else from what is stored for this server; on a terminal it is asked for. Run it ' +
    'again at any time: what is right stays as it is, what is missing is put back.'
  static override examples = [
    '<%= config.bin %> init my-data --server-url https://agnes.example.com',
    '<%= config.bin %> init my-data --server-url https://agnes.example.com --token-stdin < token.txt',
    '<%= config.bin %> init --no-pull',
  ]
  static override args = {
    dir: Args.string({
      description: 'Folder of the workspace; made when it is not there [default: .]',
    }),
  }
  static override flags = {
    'server-url': Flags.string({summary: 'Address of the Agnes server', helpValue: 'URL'}),
    'token-stdin': Flags.boolean({
      summary: 'Read the token from standard input',
      exclusive: TOKEN_SOURCES.filter((name) => name !== 'token-stdin'),
    }),
    'token-file': Flags.string({
      summary: 'Read the token from a file',
      helpValue: 'FILE',
      exclusive: TOKEN_SOURCES.filter((name) => name !== 'token-file'),
    }),
    token: Flags.string({
      summary: 'The token itself (others on this computer can see it; prefer --token-stdin)',
      exclusive: TOKEN_SOURCES.filter((name) => name !== 'token'),
    }),
    'no-pull': Flags.boolean({summary: 'Set up only, fetch no tables'}),
  }

  async run(): Promise<InitResult> {
    const {args, flags} = await this.parse(Init)
    const {context, signal} = this
    if (flags.token !== undefined)
      this.addWarning(
        'A token on the command line can be seen in the list of processes and stays in the shell history. Next time use --token-stdin or --token-file.',
      )
    const request = {
      folder: args.dir,
      serverUrl: flags['server-url'],
      token: flags.token,
      tokenFile: flags['token-file'],
      useStdin: flags['token-stdin'],
    }
    const prepared = await prepareInit(request, context, signal)
    const files = {
      workspace: context.filesAt(prepared.root),
      packageFiles: context.filesAt(packageRoot()),
    }
    const outcome = await initWorkspace({...context, ...files, sanitize}, prepared, signal)
    for (const note of outcome.notes) this.addWarning(note)
    const result: InitResult = {...outcome, pull: null}
    await this.present(result, initText)
    return result
  }
}
