import {existsSync} from 'node:fs'
import {cp, mkdtemp, rename} from 'node:fs/promises'
import {join} from 'node:path'
import {inject} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {NodeFiles} from '../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {createDemoData, type DemoOptions} from '../../src/server/data/create-demo-data.js'
import {repositoryRoot} from './run-cli.js'
import {removeFolder} from './temp-dir.js'

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
  const made = join(inject('madeOnce'), `demo-${options.scale}-${options.seed}`)
  if (!existsSync(made)) await make(made, options)
  await cp(made, dir, {recursive: true})
}

async function make(folder: string, options: DemoOptions): Promise<void> {
  const building = await mkdtemp(`${folder}-`)
  const deps = {
    files: new NodeFiles(building, systemRandom),
    templates: demoTemplates(),
    warehouse: new DuckDbWarehouse(),
  }
  await createDemoData(options, deps)
  // Another file may have been faster.
  await rename(building, folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    await removeFolder(building)
  })
}
