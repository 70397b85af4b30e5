import {Command, Errors, Flags, type Interfaces} from '@oclif/core'
import {createContext, type Context} from './context.js'
import {
  InterruptedError,
  toAgnesError,
  toErrorDocument,
  UsageError,
  type AgnesError,
} from './errors.js'
import {errorText} from './present/error-text.js'
import {sanitize, sanitizeLine} from './present/sanitize.js'
import type {Terminal} from './present/terminal.js'

/** For every command that talks to a server; `BaseCommand` reads it. */
export const serverFlag = {
  server: Flags.string({
    summary: 'Server to talk to: a name of `agnes server list`, or an address',
    helpValue: 'NAME|URL',
  }),
}

/** For verbs that ask before they take something away. */
export const yesFlag = {yes: Flags.boolean({summary: 'Do it without being asked'})}

/**
 * The only file that knows oclif's life cycle. It owns: the context, an AbortController fired by
 * SIGINT and SIGTERM (the second signal exits at once), one exit code for text and `--json`, one JSON
 * document on stdout, and warnings that reach the reader in every mode.
 */
export abstract class BaseCommand<Result extends object> extends Command {
  static override enableJsonFlag = true

  protected readonly context: Context = createContext()
  private readonly controller = new AbortController()
  private readonly warnings: string[] = []
  private isPrinted = false
  private isQuiet = false
  private readonly onSignal = (signal: NodeJS.Signals) => {
    const reason = new InterruptedError(signal === 'SIGTERM' ? 'SIGTERM' : 'SIGINT')
    if (this.controller.signal.aborted) process.exit(reason.exitCode)
    this.controller.abort(reason)
  }

  /**
   * Runs a command class without oclif's discovery of plugins, commands and themes.
   * @param words the command's words, such as `['snapshot', 'create']`
   */
  static async launch(words: string[], argv: string[]): Promise<void> {
    const Class = this as unknown as new (
      argv: string[],
      config: Interfaces.Config,
    ) => BaseCommand<object>
    this.id ??= words.join(':')
    await new Class(argv, lightConfig())._run()
  }

  /** Aborts on Ctrl-C and SIGTERM; the last argument of every service call. */
  protected get signal(): AbortSignal {
    return this.controller.signal
  }

  abstract override run(): Promise<Result>

  override async init(): Promise<void> {
    process.on('SIGINT', this.onSignal)
    process.on('SIGTERM', this.onSignal)
    const {stop} = this.context
    stop?.addEventListener('abort', () => this.controller.abort(stop.reason), {once: true})
  }

  /** As oclif's; also notes `--quiet`, which silences warnings. */
  protected override async parse<
    Flags extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    BaseFlags extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    Args extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(
    options?: Interfaces.Input<Flags, BaseFlags, Args>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<Flags, BaseFlags, Args>> {
    // Otherwise a parse error under NODE_ENV=development also says that nothing was parsed.
    this.parsed = true
    const parsed = await super.parse(options, argv)
    const {quiet, server} = parsed.flags as {quiet?: boolean; server?: string}
    this.isQuiet = quiet === true
    this.context.preferServer(server)
    this.context.tellNotices(this.isQuiet ? undefined : (message) => this.addWarning(message))
    return parsed
  }

  /** Writes the text rendering of a result; nothing under `--json`, where the result is the document. */
  protected async present(
    result: Result,
    render: (result: Result, terminal: Terminal) => string,
  ): Promise<void> {
    if (this.jsonEnabled()) return
    const {out} = this.context.streams
    const text = render(result, {isTty: out.isTty, hasColor: out.hasColor, columns: out.columns})
    if (text !== '') await out.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /**
   * Writes a list page by page, so that its length takes no memory: as text, or under `--json` as one
   * document `{[key]: […], "count": n}`.
   */
  protected async presentPages<Row>(
    key: string,
    pages: AsyncIterable<Row[]>,
    render: (rows: Row[], at: {terminal: Terminal; isFirst: boolean}) => string,
  ): Promise<{count: number}> {
    const {deliverList} = await import('./admin/deliver-list.js')
    const {out} = this.context.streams
    const terminal = {isTty: out.isTty, hasColor: out.hasColor, columns: out.columns}
    const count = await deliverList({
      key,
      pages,
      render: (rows, isFirst) => render(rows, {terminal, isFirst}),
      isJson: this.jsonEnabled(),
      output: out,
      onFirstWrite: () => this.markPrinted(),
    })
    return {count}
  }

  /**
   * The result stands, but it is not all that was asked for: says why on stderr and sets the exit code.
   * Under `--json` the document itself says what failed.
   */
  protected async presentFailure(error: AgnesError): Promise<void> {
    const {streams, env, setExitCode} = this.context
    setExitCode(error.exitCode)
    if (!this.jsonEnabled()) await streams.err.write(errorText(error, streams.err, env.debug))
  }

  /** For commands that write their answer themselves (streams, servers): no document follows. */
  protected markPrinted(): void {
    this.isPrinted = true
  }

  /** Told on stderr in text, inside the document as `warnings` under `--json`. */
  protected addWarning(message: string): void {
    this.warnings.push(message)
  }

  override logJson(document: unknown): void {
    if (this.isPrinted) return
    this.isPrinted = true
    void this.context.streams.out.write(JSON.stringify(document, null, 2) + '\n')
  }

  protected override toSuccessJson(result: unknown): unknown {
    return this.withWarnings(result as object)
  }

  /**
   * `this.exit()` ends quietly; everything else is one error, printed once, with one exit code. After
   * Ctrl-C whatever broke is only how the interruption came out.
   */
  protected override async catch(error: Interfaces.CommandError): Promise<void> {
    const code = (error as {oclif?: {exit?: number}}).oclif?.exit
    if (error instanceof Errors.ExitError) return this.context.setExitCode(code ?? 0)
    await this.report(fromOclif(this.signal.aborted ? this.signal.reason : error, this.id))
  }

  private async report(error: AgnesError): Promise<void> {
    const {streams, env, setExitCode} = this.context
    setExitCode(error.exitCode)
    if (this.jsonEnabled() && !this.isPrinted)
      return this.logJson(this.withWarnings(toErrorDocument(error)))
    await streams.err.write(errorText(error, streams.err, env.debug))
  }

  private withWarnings(document: object): object {
    return this.warnings.length === 0 ? document : {...document, warnings: this.warnings}
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    process.off('SIGINT', this.onSignal)
    process.off('SIGTERM', this.onSignal)
    if (!this.jsonEnabled() && !this.isQuiet)
      for (const warning of this.warnings)
        await this.context.streams.err.write(`Warning: ${sanitizeLine(warning)}\n`)
    await super.finally(error)
  }
}

/** oclif's own refusals (unknown flag, missing argument) are usage errors without its internals. */
export function fromOclif(error: unknown, commandId?: string): AgnesError {
  if (!(error instanceof Errors.CLIError)) return toAgnesError(error)
  const [message = 'Wrong usage.'] = error.message.split('\nSee more help with')
  const command = commandId === undefined ? '' : ` ${commandId.replaceAll(':', ' ')}`
  return new UsageError(sanitize(message).trim(), {hint: `Run: agnes${command} --help`})
}

/** The part of oclif's configuration that a running command asks for. */
function lightConfig(): Interfaces.Config {
  const config: Partial<Interfaces.Config> = {
    bin: 'agnes',
    topicSeparator: ' ',
    scopedEnvVar: () => undefined,
    scopedEnvVarKey: (key) => `AGNES_${key}`,
    scopedEnvVarTrue: () => false,
    runHook: async () => ({successes: [], failures: []}),
  }
  return config as Interfaces.Config
}
