import {execFileSync} from 'node:child_process'
import {cp, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {repositoryRoot} from './run-cli.js'
import {tempDir} from './temp-dir.js'

let isBuilt = false

/** A copy of the built CLI that a build in the meantime does not replace; the path of its entry. */
export async function installedCli(): Promise<string> {
  if (!isBuilt)
    execFileSync(process.execPath, ['scripts/build.js'], {cwd: repositoryRoot, stdio: 'ignore'})
  isBuilt = true
  const dir = await tempDir()
  for (const name of ['bin', 'dist', 'templates', 'hooks', 'package.json', 'oclif.manifest.json'])
    await cp(join(repositoryRoot, name), join(dir, name), {recursive: true})
  await symlink(join(repositoryRoot, 'node_modules'), join(dir, 'node_modules'))
  return join(dir, 'bin/run.js')
}
