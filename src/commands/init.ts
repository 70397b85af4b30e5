import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {packageRoot} from '../lib/config/paths.js'
import type {Context} from '../lib/context.js'
import {PartialError} from '../lib/errors.js'
import {initText, nextStepText} from '../lib/present/init-text.js'
import {openProgress} from '../lib/present/progress.js'
import {pullFailureText, pullText, waitingText} from '../lib/present/pull-text.js'
import {sanitize} from '../lib/present/sanitize.js'
import {pull} from '../lib/sync/pull.js'
import type {PullResult} from '../lib/sync/pull-result.js'
import {initWorkspace, type InitOutcome} from '../lib/workspace/init-workspace.js'
import {prepareInit, type InitRequest} from '../lib/workspace/prepare-init.js'

/** `workspace`, `server`, `isNew`, `signedIn`, `credentialStore`, `tablesListed`, `files`, `notes`: see InitOutcome. */
export interface InitResult extends InitOutcome {
  /** What the first pull did; `null` with --no-pull. */
  pull: PullResult | null
}

const PATIENCE_MS = 600_000
const SEEN_TOKEN =
  'A token on the command line can be seen in the list of processes and stays in the shell history. ' +
  'Next time use --token-stdin or --token-file.'
const ONLY_THE_PULL = 'The workspace itself is ready; `agnes pull` fetches the tables.'

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
    'allow-agnes': Flags.boolean({
      summary: 'Let Claude Code run our reading verbs without asking each time',
    }),
  }

  async run(): Promise<InitResult> {
    const {args, flags} = await this.parse(Init)
    if (flags.token !== undefined) this.addWarning(SEEN_TOKEN)
    const request = {
      folder: args.dir,
      serverUrl: flags['server-url'],
      token: flags.token,
      tokenFile: flags['token-file'],
      useStdin: flags['token-stdin'],
      allowsVerbs: flags['allow-agnes'],
    }
    const outcome = await setUp(this.context, request, this.signal)
    for (const note of outcome.notes) this.addWarning(note)
    await this.present({...outcome, pull: null}, initText)
    if (flags['no-pull']) return {...outcome, pull: null}
    const result = await fetchTables(this.context, outcome, {
      isSilent: this.jsonEnabled(),
      signal: this.signal,
    }).catch((error: unknown) => {
      this.addWarning(ONLY_THE_PULL)
      throw error
    })
    for (const warning of result.pull.warnings) this.addWarning(warning)
    await this.present(result, (_result, terminal) => pullText(result.pull, terminal))
    await this.present(result, nextStepText)
    if (!result.pull.ok) await this.presentFailure(partial(result.pull))
    return result
  }
}

async function setUp(
  context: Context,
  request: InitRequest,
  signal: AbortSignal,
): Promise<InitOutcome> {
  const prepared = await prepareInit(request, context, signal)
  const workspace = context.filesAt(prepared.root)
  const packageFiles = context.filesAt(packageRoot())
  return initWorkspace({...context, workspace, packageFiles, sanitize}, prepared, signal)
}

async function fetchTables(
  context: Context,
  outcome: InitOutcome,
  {isSilent, signal}: {isSilent: boolean; signal: AbortSignal},
): Promise<InitOutcome & {pull: PullResult}> {
  const {err} = context.streams
  const progress = openProgress(err, context.clock, isSilent ? 'off' : err.isTty ? 'live' : 'plain')
  const options = {
    command: 'agnes init',
    tables: [],
    isMaterializedSkipped: false,
    isVerify: false,
    isPlanOnly: false,
    waitMs: PATIENCE_MS,
    parallelism: context.env.pullParallelism,
    onProgress: progress.onProgress,
    onWait: isSilent ? () => {} : (holder) => void err.write(waitingText(holder)),
  } satisfies Parameters<typeof pull>[1]
  try {
    const deps = await context.pullDeps(outcome.workspace, outcome.server)
    return {...outcome, pull: await pull(deps, options, signal)}
  } finally {
    await progress.close()
  }
}

function partial(pulled: PullResult): PartialError {
  return new PartialError(`Not everything could be fetched:\n  ${pullFailureText(pulled)}`, {
    hint: 'Run `agnes pull` in the workspace; what is done stays done.',
  })
}
