import {defineConfig} from 'vitest/config'
import {DearFirst} from './test/support/dear-first.js'

/** In a process they share: most take less time than its start. */
const TOGETHER = ['test/{unit,commands,server}/**/*.test.ts']
/** In a process of its own: what starts processes, takes minutes, signals or weighs the one it is in. */
const WHOLE = [
  'test/{contract,docs,e2e}/**/*.test.ts',
  'test/**/*.{e2e,slow}.test.ts',
  'test/commands/query-{register-bq,warm}.test.ts',
]

export default defineConfig({
  test: {
    disableConsoleIntercept: true,
    sequence: {shuffle: {tests: true}, sequencer: DearFirst},
    // A machine that is three times slower decides no test.
    testTimeout: 90_000,
    // What a file's tests share is often a server with its data.
    hookTimeout: 120_000,
    globalSetup: 'test/support/made-once.ts',
    pool: 'forks',
    // The default leaves a core to an editor, which CI has not.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {name: 'together', include: TOGETHER, exclude: WHOLE, isolate: false},
      },
      {
        extends: true,
        test: {name: 'whole', include: WHOLE},
      },
    ],
  },
})
