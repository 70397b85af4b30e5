import {defineConfig} from 'vitest/config'
import {DearFirst} from './test/support/dear-first.js'

/** In a process of its own: what takes minutes, signals, masks or weighs the one it is in. */
const ALONE = [
  'test/**/*.slow.test.ts',
  'test/contract/{control-socket,query-engine}.test.ts',
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
    // For the other project and the other Node. CI installs anew before, which empties it: what it keeps
    // does not follow tsconfig.json.
    experimental: {fsModuleCache: process.env.CI === 'true'},
    projects: [
      {
        extends: true,
        // To start a process and import the same again takes longer than most files do.
        test: {name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false},
      },
      {
        extends: true,
        test: {name: 'alone', include: ALONE},
      },
    ],
  },
})
