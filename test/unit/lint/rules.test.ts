import {RuleTester, type Rule} from 'eslint'
import tseslint from 'typescript-eslint'
import {afterAll, describe, expect, it} from 'vitest'
import {plugin} from '../../../lint/plugin.js'

Object.assign(RuleTester, {afterAll, describe, it})

/** `file`: code; a rule sees only the path below the repository. */
type Cases = readonly (readonly [file: string, code: string])[]
interface Table {
  allows: Cases
  refuses: Cases
}

const SERVICE = 'src/lib/sync/plan-pull.ts'
const COMMAND = 'src/commands/pull.ts'
const ADAPTER = 'src/lib/adapters/system-clock.ts'
const TEST = 'test/unit/sync/plan-pull.test.ts'

const TABLES: Record<keyof typeof plugin.rules, Table> = {
  rooms: {
    allows: [
      [COMMAND, "import {planPull} from '../lib/sync/plan-pull.js'"],
      [COMMAND, "import {createServer} from '../server/create-server.js'"],
      [SERVICE, "import type {Clock} from '../ports/clock.js'"],
      [SERVICE, "import {download} from '../download/download.js'"],
      [SERVICE, "import {sanitizeLine} from '../present/sanitize.js'"],
      ['src/server/routes/users.ts', "import {ApiError} from '../api-error.js'"],
      ['src/lib/context.ts', "import('./adapters/http-client.js')"],
      ['src/lib/present/pull-text.ts', "import type {PullResult} from '../../commands/pull.js'"],
      [TEST, "import {NodeFiles} from '../../../src/lib/adapters/node-files.js'"],
    ],
    refuses: [
      [COMMAND, "import {NodeFiles} from '../lib/adapters/node-files.js'"],
      [SERVICE, "import {NodeFiles} from '../adapters/node-files.js'"],
      [SERVICE, "import('../adapters/node-files.js')"],
      [SERVICE, "import {createContext} from '../context.js'"],
      [SERVICE, "import {table} from '../present/table.js'"],
      [SERVICE, "import type {PullResult} from '../../commands/pull.js'"],
      [SERVICE, "export {serve} from '../../server/create-server.js'"],
      ['src/server/routes/users.ts', "import {NodeFiles} from '../../lib/adapters/node-files.js'"],
      ['src/lib/ports/clock.ts', "import {planPull} from '../sync/plan-pull.js'"],
      ['src/lib/errors.ts', "import type {Clock} from './ports/clock.js'"],
      ['src/lib/present/pull-text.ts', "import Pull from '../../commands/pull.js'"],
    ],
  },
  'package-rooms': {
    allows: [
      [COMMAND, "import {Flags} from '@oclif/core'"],
      ['src/lib/run-cli.ts', "import {Config} from '@oclif/core/config'"],
      ['src/lib/adapters/duckdb-warehouse.ts', "import {DuckDBInstance} from '@duckdb/node-api'"],
      [ADAPTER, "import got from 'got'"],
      [TEST, "import {DuckDBInstance} from '@duckdb/node-api'"],
    ],
    refuses: [
      [SERVICE, "import {Flags} from '@oclif/core'"],
      [SERVICE, "import {DuckDBInstance} from '@duckdb/node-api'"],
      [ADAPTER, "import {DuckDBInstance} from '@duckdb/node-api'"],
      [COMMAND, "await import('@duckdb/node-api')"],
      [SERVICE, "import got from 'got'"],
      [SERVICE, "import http from 'node:http'"],
      [SERVICE, "import {spawn} from 'node:child_process'"],
    ],
  },
  'process-env': {
    allows: [
      ['src/lib/config/env.ts', 'process.env.HOME'],
      [SERVICE, 'env.home'],
      [TEST, 'process.env'],
    ],
    refuses: [
      [SERVICE, 'process.env.HOME'],
      [ADAPTER, 'const {env} = process.env'],
    ],
  },
  'process-places': {
    allows: [
      ['src/lib/config/paths.ts', "import {homedir} from 'node:os'; process.cwd()"],
      [SERVICE, "import {cpus} from 'node:os'"],
    ],
    refuses: [
      [SERVICE, 'process.cwd()'],
      [COMMAND, 'process.chdir(dir)'],
      [SERVICE, "import {homedir} from 'node:os'"],
      [ADAPTER, "import {tmpdir as temporary} from 'os'"],
    ],
  },
  'ambient-time': {
    allows: [
      [ADAPTER, "import {setTimeout as delay} from 'node:timers/promises'; Date.now()"],
      [SERVICE, 'new Date(clock.now())'],
      [SERVICE, 'Date.parse(text)'],
      [TEST, 'Date.now()'],
    ],
    refuses: [
      [SERVICE, 'Date.now()'],
      [SERVICE, 'new Date()'],
      [COMMAND, 'setTimeout(stop, 10)'],
      [SERVICE, 'performance.now()'],
      ['src/server/create-server.ts', 'Math.random()'],
      [SERVICE, 'AbortSignal.timeout(10)'],
      [SERVICE, "import {setTimeout} from 'node:timers/promises'"],
    ],
  },
  'no-printing': {
    allows: [
      ['src/lib/base-command.ts', 'process.exit(130)'],
      ['src/lib/adapters/process-streams.ts', 'process.stdout'],
      [SERVICE, 'process.platform'],
    ],
    refuses: [
      [SERVICE, "console.log('x')"],
      [SERVICE, 'process.exit(1)'],
      ['src/server/create-server.ts', "process.stdout.write('x')"],
      [SERVICE, "process.on('SIGINT', stop)"],
    ],
  },
  'ansi-only-in-present': {
    allows: [
      ['src/lib/present/terminal.ts', "'\\u001B[31m'"],
      [SERVICE, "'[31m'"],
    ],
    refuses: [
      [SERVICE, "'\\u001B[31m'"],
      [COMMAND, '`\\x1b[1m${name}`'],
      ['src/server/routes/users.ts', '/\\u001B\\[/'],
    ],
  },
  'no-empty-catch': {
    allows: [
      [SERVICE, 'try { a() } catch (error) { throw new Wrapped(error) }'],
      [SERVICE, 'function f() { try { return a() } catch { } return undefined }'],
      [SERVICE, 'p.catch(() => undefined)'],
    ],
    refuses: [
      [SERVICE, 'try { a() } catch {}'],
      [SERVICE, 'try { a() } catch { /* it is fine */ }\nb()'],
      [SERVICE, 'p.catch(() => {})'],
    ],
  },
  'disable-needs-reason': {
    allows: [
      [SERVICE, '// eslint-disable-next-line no-var -- the shape of a foreign global\nlet a'],
      [SERVICE, '// @ts-expect-error -- missing in the types\nlet a'],
    ],
    refuses: [
      [SERVICE, '/* eslint-disable no-var */'],
      [SERVICE, '// @ts-expect-error\nlet a'],
      [TEST, '// @ts-ignore please'],
    ],
  },
  'no-module-mocks': {
    allows: [
      [TEST, 'vi.waitFor(check)'],
      [SERVICE, 'vi.mock'],
    ],
    refuses: [
      [TEST, "vi.mock('node:fs')"],
      [TEST, "vi.spyOn(Files.prototype, 'stat')"],
      [TEST, "import sinon from 'sinon'"],
      [TEST, "import nock from 'nock'"],
    ],
  },
  'no-focused-tests': {
    allows: [
      [TEST, "it('keeps the file', run)"],
      [TEST, "it.skipIf(isWindows)('keeps modes', run)"],
    ],
    refuses: [
      [TEST, "it.only('x', run)"],
      [TEST, "describe.skip('x', run)"],
      [TEST, "test.todo('x')"],
      [TEST, "fit('x', run)"],
    ],
  },
  'no-sleeps': {
    allows: [
      [TEST, 'await clock.advance(1000)'],
      [TEST, 'const timer = setTimeout(() => child.kill(), 1000)'],
    ],
    refuses: [
      [TEST, 'await new Promise((resolve) => setTimeout(resolve, 50))'],
      [TEST, "import {setTimeout as sleep} from 'node:timers/promises'"],
    ],
  },
}

describe('the house lint rules', () => {
  it('each have a table here', () => {
    expect(Object.keys(TABLES).sort()).toEqual(Object.keys(plugin.rules).sort())
  })

  it('say what to do instead', () => {
    for (const [name, rule] of Object.entries(plugin.rules))
      expect(rule.meta.messages.no.length, name).toBeGreaterThan(20)
  })

  const tester = new RuleTester({languageOptions: {parser: tseslint.parser as never}})
  const inRepository = ([file, code]: readonly [string, string]) => ({
    name: `${file}: ${code}`,
    filename: `/repository/${file}`,
    code,
  })
  for (const [name, {allows, refuses}] of Object.entries(TABLES))
    tester.run(
      name,
      plugin.rules[name as keyof typeof plugin.rules] as unknown as Rule.RuleModule,
      {
        valid: allows.map(inRepository),
        invalid: refuses.map((example) => ({...inRepository(example), errors: 1})),
      },
    )
})
