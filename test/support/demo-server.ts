import {join} from 'node:path'
import {writeDemoFolder} from './demo-folder.js'
import {repositoryRoot} from './run-cli.js'
import {spawnProcess} from './spawn-node.js'

export interface DemoServer {
  url: string
  adminToken: string
  analystToken: string
}

/** `agnes serve --demo` in `home`, on a free port, ended with the test. */
export async function demoServer(home: string): Promise<DemoServer> {
  await writeDemoFolder(home)
  const binary = join(repositoryRoot, 'bin/run.js')
  const args = [binary, 'serve', '--demo', '--port', '0', '--json']
  const server = spawnProcess(process.execPath, args, {env: {HOME: home}, cwd: home})
  await server.sees('}\n')
  return JSON.parse(server.stdout()) as DemoServer
}
