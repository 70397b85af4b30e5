import {join, resolve} from 'node:path'
import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {packageRoot} from '../lib/config/paths.js'
import type {Context} from '../lib/context.js'
import {serveText} from '../lib/present/serve-text.js'
import {serverLog} from '../server/server-log.js'
import {serveLimits} from '../server/serve-limits.js'
import type {ServingDeps} from '../server/start-serving.js'

/** Printed as one line when the server answers. */
export interface ServeResult {
  /** `http://127.0.0.1:8642` */
  url: string
  /** On the first start of a folder, with --demo and with --new-admin-token; else null: only its hash is kept. */
  adminToken: string | null
  /** With --demo; else null. */
  analystToken: string | null
  /** Of the demo's analyst, for signing in by browser; else null. */
  analystEmail: string | null
  /** On the first start of a demo on this computer only; else null: only its hash is kept. */
  analystPassword: string | null
}

export default class Serve extends BaseCommand<ServeResult> {
  static override summary = 'Serve a folder of data to a small team, or a demo company'
  static override description =
    'Publishes the tables of DIR: extracts/<source>/extract.duckdb, or a plain folder of Parquet, CSV and ' +
    'JSON files. People, tokens, groups and grants are kept in DIR/state. Runs until Ctrl-C or SIGTERM, ' +
    'which end it with exit code 0.'
  static override examples = [
    '<%= config.bin %> serve --demo',
    '<%= config.bin %> serve ./data --port 9000',
    '<%= config.bin %> serve ./data --port 0 --json',
    '<%= config.bin %> serve --demo --max-scan-bytes 1m --max-concurrent 1',
  ]
  static override args = {
    dir: Args.string({description: 'Folder to serve; agnes-server, or agnes-demo with --demo'}),
  }
  static override flags = {
    host: Flags.string({summary: 'Address to bind', default: '127.0.0.1'}),
    port: Flags.integer({summary: 'Port; 0 takes a free one', default: 8642, min: 0, max: 65_535}),
    'allow-network': Flags.boolean({
      summary: 'Bind an address other machines can reach, unencrypted',
    }),
    demo: Flags.boolean({summary: 'Make a small company with data, people and rights first'}),
    scale: Flags.integer({
      summary: 'Rows of the demo, as a multiple [default: 1]',
      min: 1,
      max: 1000,
      dependsOn: ['demo'],
    }),
    // Defaults would count as given and so ask for --demo.
    seed: Flags.integer({
      summary: 'Decides the data of the demo [default: 1]',
      dependsOn: ['demo'],
    }),
    'max-scan-bytes': Flags.string({
      summary: 'Most bytes one remote query may read, such as 500m; 0 for any [default: 5g]',
      helpValue: 'N',
    }),
    'max-daily-bytes': Flags.string({
      summary: 'Most bytes a person may read remotely in a day; 0 for any [default: 50g]',
      helpValue: 'N',
    }),
    'max-concurrent': Flags.integer({
      summary: 'Scans and remote queries of a person at once; 0 for any [default: 5]',
      min: 0,
      helpValue: 'N',
    }),
    'new-admin-token': Flags.boolean({summary: 'Make another admin token, for one that was lost'}),
  }

  async run(): Promise<ServeResult> {
    const {args, flags} = await this.parse(Serve)
    const {context, signal} = this
    const dir = args.dir ?? (flags.demo ? 'agnes-demo' : 'agnes-server')
    const limits = serveLimits(flags)
    const {startServing} = await import('../server/start-serving.js')
    const serving = await startServing(
      {
        host: flags.host,
        port: flags.port,
        allowsNetwork: flags['allow-network'],
        wantsAdminToken: flags['new-admin-token'],
        demo: flags.demo ? {scale: flags.scale ?? 1, seed: flags.seed ?? 1} : undefined,
      },
      {...(await serverPorts(context, dir)), ...limits},
      signal,
    )
    const {url, adminToken, analystToken, analyst} = serving
    const [analystEmail, analystPassword] = [analyst?.email ?? null, analyst?.password ?? null]
    const result = {url, adminToken, analystToken, analystEmail, analystPassword}
    if (this.jsonEnabled()) await context.streams.out.write(JSON.stringify(result) + '\n')
    await this.present(result, (_, terminal) => serveText(serving, terminal))
    this.markPrinted()
    await serving.runUntil(signal)
    return result
  }
}

async function serverPorts(context: Context, dir: string): Promise<ServingDeps> {
  const {clock, random, version, env, streams, filesAt, openBigQuery} = context
  const templates = join(packageRoot(), 'templates')
  return {
    ...{clock, random, version, secret: env.variable, openBigQuery},
    logger: serverLog(streams.err, clock, context.logger),
    warehouse: await context.warehouse(),
    files: filesAt(resolve(context.currentDir, dir)),
    templates: filesAt(templates),
    demoTemplates: filesAt(join(templates, 'demo')),
  }
}
