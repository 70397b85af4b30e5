import {runCli, type RunOptions, type RunOutcome} from './run-cli.js'
import {tempDir} from './temp-dir.js'

export type RunAdmin = (
  words: string[],
  options?: Partial<RunOptions> & {token?: string},
) => Promise<RunOutcome>

/** Runs `agnes admin …` against a server, as its administrator unless another token is given. */
export async function adminOf(server: {url: string; adminToken: string}): Promise<RunAdmin> {
  const home = await tempDir()
  return (words, {token = server.adminToken, ...options} = {}) =>
    runCli(['admin', ...words], {
      currentDir: home,
      ...options,
      env: {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: token, ...options.env},
    })
}
