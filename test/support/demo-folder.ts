import {existsSync} from 'node:fs'
import {cp} from 'node:fs/promises'
import {join} from 'node:path'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {NodeFiles} from '../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {createDemoData, type DemoOptions} from '../../src/server/data/create-demo-data.js'
import {onceForAll} from './once-for-all.js'
import {repositoryRoot} from './run-cli.js'

export const demoTemplates = () =>
  new NodeFiles(join(repositoryRoot, 'templates/demo'), systemRandom)

/**
 * The data of `agnes serve --demo`, so that a server over `dir` finds it built: to make it takes longer
 * than most tests of it.
 */
export async function writeDemoFolder(
  dir: string,
  options: DemoOptions = {scale: 1, seed: 1},
): Promise<void> {
  if (existsSync(join(dir, 'state'))) return
  const made = await onceForAll(`demo-${options.scale}-${options.seed}`, (folder) =>
    make(folder, options),
  )
  await cp(made, dir, {recursive: true})
}

async function make(folder: string, options: DemoOptions): Promise<void> {
  const deps = {
    files: new NodeFiles(folder, systemRandom),
    templates: demoTemplates(),
    warehouse: new DuckDbWarehouse(),
  }
  await createDemoData(options, deps)
}
