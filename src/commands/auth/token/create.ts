import {Args, Flags} from '@oclif/core'
import {passwordSource} from '../../../lib/auth/ask-credentials.js'
import {openTokenMaker} from '../../../lib/auth/open-tokens.js'
import {createToken, readLifetime, type NewToken} from '../../../lib/auth/tokens.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {newTokenText} from '../../../lib/present/auth-text.js'
import {serverHere} from '../../../lib/servers/server-here.js'

/** `id`, `name`, `token`, `expiresAt`: see NewToken. */
export interface AuthTokenCreateResult extends NewToken {
  server: string
}

export default class AuthTokenCreate extends BaseCommand<AuthTokenCreateResult> {
  static override summary = 'Make a token, for another computer or a job'
  static override description =
    'The token is shown once. Servers make none for somebody who signed in with a token: with --email ' +
    'you say who you are by password, for this one call. In a pipe only the token is printed.'
  static override examples = [
    '<%= config.bin %> auth token create nightly-job --email ana@example.com --ttl 30d',
    '<%= config.bin %> auth token create ci --email ana@example.com --password-stdin < password.txt',
  ]
  static override args = {
    name: Args.string({description: 'What the token is for', required: true}),
  }
  static override flags = {
    ...serverFlag,
    ttl: Flags.string({summary: 'Lifetime: days such as 30d, or never', default: '90d'}),
    email: Flags.string({summary: 'Sign in by password as this person', helpValue: 'EMAIL'}),
    'password-stdin': Flags.boolean({
      summary: 'Read the password from standard input',
      dependsOn: ['email'],
    }),
    surface: Flags.string({
      summary: 'Which tables the token shows an administrator (newer servers)',
      options: ['all', 'stack'],
    }),
  }

  async run(): Promise<AuthTokenCreateResult> {
    const {args, flags} = await this.parse(AuthTokenCreate)
    const {context, signal} = this
    const surface = flags.surface as 'all' | 'stack' | undefined
    const wanted = {name: args.name, days: readLifetime(flags.ttl), surface}
    const said = {email: flags.email, isPasswordOnStdin: flags['password-stdin']}
    const password =
      flags.email === undefined ? undefined : passwordSource(context.streams, said, signal)
    const server = await serverHere(context)
    const http = await openTokenMaker(context, {origin: server, password}, signal)
    const made = {server, ...(await createToken(http, wanted, signal))}
    await this.present(made, newTokenText)
    return made
  }
}
