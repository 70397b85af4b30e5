import {basename, dirname, resolve} from 'node:path'
import {Flags} from '@oclif/core'
import {isAttended} from '../../lib/auth/ask-credentials.js'
import {importToken} from '../../lib/auth/import-token.js'
import type {LoginOutcome} from '../../lib/auth/login.js'
import {BaseCommand} from '../../lib/base-command.js'
import {promptSecret, readAll} from '../../lib/credentials/prompt-secret.js'
import {loginText} from '../../lib/present/auth-text.js'
import {serverHere} from '../../lib/servers/server-here.js'

/** Every field is described at `LoginOutcome`. */
export type AuthImportTokenResult = LoginOutcome

const SEEN_TOKEN =
  'A token on the command line can be seen in the list of processes and stays in the shell history. ' +
  'Next time use --token-stdin or --token-file.'
const SOURCES = ['token', 'token-file', 'token-stdin']
const otherThan = (name: string) => SOURCES.filter((other) => other !== name)

export default class AuthImportToken extends BaseCommand<AuthImportTokenResult> {
  static override summary =
    'Keep a token you were given, after asking the server whether it is valid'
  static override description =
    'For computers without a browser, and for accounts without a password. On a terminal the token is ' +
    'asked for, without showing it.'
  static override examples = [
    '<%= config.bin %> auth import-token --server-url https://agnes.example.com',
    '<%= config.bin %> auth import-token --token-stdin < token.txt',
  ]
  static override flags = {
    'server-url': Flags.string({
      summary: 'Address of the server, or its name in `agnes server list`',
      helpValue: 'URL',
      aliases: ['server'],
    }),
    'token-stdin': Flags.boolean({
      summary: 'Read the token from standard input',
      exclusive: otherThan('token-stdin'),
    }),
    'token-file': Flags.string({
      summary: 'Read the token from a file',
      helpValue: 'FILE',
      exclusive: otherThan('token-file'),
    }),
    token: Flags.string({
      summary: 'The token itself (others on this computer can see it; prefer --token-stdin)',
      exclusive: otherThan('token'),
    }),
    store: Flags.string({
      summary: 'Where the token is kept; auto tries the keychain again',
      options: ['auto', 'keychain', 'file'],
    }),
  }

  async run(): Promise<AuthImportTokenResult> {
    const {flags} = await this.parse(AuthImportToken)
    const {context, signal} = this
    const {streams, currentDir} = context
    if (flags.token !== undefined) this.addWarning(SEEN_TOKEN)
    const path = flags['token-file']
    const file = path === undefined ? undefined : resolve(currentDir, path)
    const read = () => context.filesAt(dirname(file ?? '')).readText(basename(file ?? ''))
    const ask = (question: string) => promptSecret(streams, question, signal)
    const input = {
      flag: flags.token,
      file: path === undefined ? undefined : {path, read},
      stdin: flags['token-stdin'] ? () => readAll(streams.in, signal) : undefined,
      prompt: isAttended(streams) ? ask : undefined,
    }
    const origin = await serverHere(context, flags['server-url'])
    const store = flags.store as 'auto' | 'keychain' | 'file' | undefined
    const outcome = await importToken(context, {origin, input, store}, signal)
    for (const note of outcome.notes) this.addWarning(note)
    await this.present(outcome, loginText)
    return outcome
  }
}
