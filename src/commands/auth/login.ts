import {Flags} from '@oclif/core'
import {isAttended, passwordSource} from '../../lib/auth/ask-credentials.js'
import {login, type LoginOutcome} from '../../lib/auth/login.js'
import {BaseCommand} from '../../lib/base-command.js'
import {promptSecret} from '../../lib/credentials/prompt-secret.js'
import {addressText, loginText} from '../../lib/present/auth-text.js'
import {serverHere} from '../../lib/servers/server-here.js'

/** Every field is described at `LoginOutcome`. */
export type AuthLoginResult = LoginOutcome

export default class AuthLogin extends BaseCommand<AuthLoginResult> {
  static override summary = 'Sign in, by browser, by password or with a pasted token'
  static override description =
    'Opens the sign-in page of the server and waits for it on a port of this computer; the address is ' +
    'always printed. A server without such a page asks for e-mail and password. The token is kept in ' +
    'the keychain, or in a file that only you can read; it is never printed.'
  static override examples = [
    '<%= config.bin %> auth login --server-url https://agnes.example.com',
    '<%= config.bin %> auth login --no-browser',
    '<%= config.bin %> auth login --email ana@example.com --password-stdin < password.txt',
  ]
  static override flags = {
    'server-url': Flags.string({
      summary: 'Address of the server, or its name in `agnes server list`',
      helpValue: 'URL',
      aliases: ['server'],
    }),
    'no-browser': Flags.boolean({summary: 'Print the address only; a token can be pasted instead'}),
    email: Flags.string({summary: 'Sign in by password as this person', helpValue: 'EMAIL'}),
    'password-stdin': Flags.boolean({summary: 'Read the password from standard input'}),
    store: Flags.string({
      summary: 'Where the token is kept; auto tries the keychain again',
      options: ['auto', 'keychain', 'file'],
    }),
    timeout: Flags.integer({
      summary: 'Seconds the browser is waited for',
      default: 180,
      min: 1,
      max: 3600,
    }),
  }

  async run(): Promise<AuthLoginResult> {
    const {flags} = await this.parse(AuthLogin)
    const {context, signal} = this
    const {streams} = context
    const said = {email: flags.email, isPasswordOnStdin: flags['password-stdin']}
    const askPassword = passwordSource(streams, said, signal)
    const canPaste = flags['no-browser'] && isAttended(streams)
    const options = {
      origin: await serverHere(context, flags['server-url']),
      store: flags.store as 'auto' | 'keychain' | 'file' | undefined,
      isHeadless: flags['no-browser'],
      waitMs: flags.timeout * 1000,
      password: flags.email === undefined ? undefined : askPassword,
      askPassword,
      askToken: canPaste ? (until: AbortSignal) => promptSecret(streams, '', until) : undefined,
      onAddress: (url: string, isOpened: boolean) =>
        streams.err.write(addressText(url, {isOpened, canPaste})),
    }
    const outcome = await login(context, options, signal)
    for (const note of outcome.notes) this.addWarning(note)
    await this.present(outcome, loginText)
    return outcome
  }
}
