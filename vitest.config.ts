import {defineConfig} from 'vitest/config'

export default defineConfig({
  test: {
    disableConsoleIntercept: true,
    sequence: {shuffle: {tests: true}},
    // A machine that is three times slower decides no test.
    testTimeout: 90_000,
    // What a file's tests share is often a server with its data.
    hookTimeout: 120_000,
    pool: 'forks',
    // The default leaves a core to an editor, which CI has not.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        // Most take less time than the start of a process: one runs many files.
        test: {name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false},
      },
      {
        extends: true,
        test: {name: 'whole', include: ['test/**/*.test.ts'], exclude: ['test/unit/**']},
      },
    ],
  },
})
