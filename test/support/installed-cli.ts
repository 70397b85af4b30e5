import {execFileSync} from 'node:child_process'
import {existsSync} from 'node:fs'
import {cp, mkdtemp, rename, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {inject} from 'vitest'
import {repositoryRoot} from './run-cli.js'
import {removeFolder, tempDir} from './temp-dir.js'

const ENTRY = 'bin/run.js'

/** A copy of the built CLI that a build in the meantime does not replace, for all tests; the path of its entry. */
export async function installedCli(): Promise<string> {
  const made = join(inject('madeOnce'), 'cli')
  if (!existsSync(made)) {
    execFileSync(process.execPath, ['scripts/build.js'], {cwd: repositoryRoot, stdio: 'ignore'})
    const copying = await mkdtemp(`${made}-`)
    await copy(repositoryRoot, copying)
    // Another file may have been faster.
    await rename(copying, made).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      await removeFolder(copying)
    })
  }
  return join(made, ENTRY)
}

/** The same for a test that changes it. */
export async function ownCli(): Promise<string> {
  const dir = await tempDir()
  await copy(join(await installedCli(), '../..'), dir)
  return join(dir, ENTRY)
}

async function copy(from: string, dir: string): Promise<void> {
  for (const name of ['bin', 'dist', 'templates', 'hooks', 'package.json', 'oclif.manifest.json'])
    await cp(join(from, name), join(dir, name), {recursive: true})
  await symlink(join(repositoryRoot, 'node_modules'), join(dir, 'node_modules'))
}
