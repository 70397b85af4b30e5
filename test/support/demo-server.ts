import {join} from 'node:path'
import {writeDemoFolder} from './demo-folder.js'
import {repositoryRoot} from './run-cli.js'
import {spawnProcess} from './spawn-node.js'

export interface DemoServer {
  url: string
  adminToken: string
  analystToken: string
}

/**
 * `agnes serve --demo` on a free port, in a process of its own, which a busy test does not hold up; ended
 * with the test.
 *
 * @param entry the program; this repository's by default
 * @param dir the served folder; one in `home` by default
 */
export async function demoServer(
  home: string,
  {entry = join(repositoryRoot, 'bin/run.js'), dir = join(home, 'agnes-demo')} = {},
): Promise<DemoServer> {
  await writeDemoFolder(dir)
  const words = [entry, 'serve', dir, '--demo', '--port', '0', '--json']
  const server = spawnProcess(process.execPath, words, {env: {HOME: home}, cwd: dir})
  await server.sees('}\n')
  return JSON.parse(server.stdout()) as DemoServer
}
