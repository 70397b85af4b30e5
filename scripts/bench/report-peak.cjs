// Loaded into a measured process: writes its highest resident memory (kB) to BENCH_PEAK_FILE at exit.
const {writeFileSync} = require('node:fs')
const {isMainThread} = require('node:worker_threads')

if (isMainThread)
  process.on('exit', () =>
    writeFileSync(process.env.BENCH_PEAK_FILE, String(process.resourceUsage().maxRSS)),
  )
