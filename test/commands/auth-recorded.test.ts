import {describe, it} from 'vitest'
import {AUTH_CASES, type AuthWorld} from '../support/recorded-auth-cases.js'
import {recorded, recordedBytes, recordedVersions} from '../support/recorded.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {startTestServer} from '../support/test-server.js'

describe.each(recordedVersions)('recorded exchanges of %s', (version) => {
  const exchanges = recorded(version)
  const find = (label: string) => {
    const found = exchanges.find((exchange) => exchange.label === label)
    if (!found) throw new Error(`not recorded: ${label}`)
    return found
  }

  it.each(Object.entries(AUTH_CASES))('%s', async (_name, {labels, run}) => {
    const server = await startTestServer()
    for (const label of labels) {
      const {request, response} = find(label)
      server.on(request.method, request.path, () => ({
        status: response.status,
        headers: {'content-type': response.headers['content-type'] ?? 'application/json'},
        body: recordedBytes(response.body),
      }))
    }
    const [home, configDir] = [await tempDir(), await tempDir()]
    const agnes: AuthWorld['agnes'] = (argv, {stdin, token} = {}) =>
      runCli(argv, {
        currentDir: home,
        env: {
          ...{HOME: home, AGNES_CONFIG_DIR: configDir, AGNES_SERVER: server.origin},
          ...(token === undefined ? {} : {AGNES_TOKEN: token}),
        },
        ...(stdin === undefined ? {} : {stdin}),
      })
    await run({version, server, agnes, exchange: find})
    server.verify()
  })
})
