import type {IncomingMessage} from 'node:http'
import {chooseProxy} from '../config/choose-proxy.js'
import type {Env} from '../config/env.js'
import {certificateFiles} from '../config/servers.js'
import type {Files} from '../ports/files.js'
import type {Probe} from '../ports/probe.js'

const TIMEOUT_MS = 2000

/**
 * Node's own client: a hook that finds nothing new never loads the one that can do everything. Where a
 * proxy or private certificates are needed it knows nothing, so that the other one asks.
 */
export async function openProbe(
  options: ProbeOptions,
  {env, config}: {env: Env; config: Files},
): Promise<Probe> {
  const {origin} = options
  const isPlain =
    chooseProxy(origin, env.proxy) === undefined &&
    (!origin.startsWith('https:') || (await certificateFiles(config, origin)).length === 0)
  return isPlain ? conditionalProbe(options) : {isUnchanged: () => Promise.resolve(false)}
}

interface ProbeOptions {
  origin: string
  token: string
  userAgent: string
}

function conditionalProbe({origin, token, userAgent}: ProbeOptions): Probe {
  return {
    async isUnchanged(path, etag, signal) {
      const {request} = origin.startsWith('https:')
        ? await import('node:https')
        : await import('node:http')
      const headers = {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        'if-none-match': etag,
        'user-agent': userAgent,
      }
      return new Promise((resolve) => {
        const asked = request(
          origin + path,
          {headers, signal, timeout: TIMEOUT_MS, agent: false},
          (answer: IncomingMessage) => {
            resolve(answer.statusCode === 304)
            answer.destroy()
          },
        )
        asked.on('timeout', () => asked.destroy())
        asked.on('error', () => resolve(false))
        asked.end()
      })
    },
  }
}
