import {defineConfig} from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    disableConsoleIntercept: true,
    sequence: {shuffle: {tests: true}},
    testTimeout: 30_000,
    // What a file's tests share is often a server with its data.
    hookTimeout: 60_000,
    pool: 'forks',
    // The default leaves a core to an editor, which CI has not.
    maxWorkers: '100%',
  },
})
