import {chooseProxy} from '../config/choose-proxy.js'
import type {Env} from '../config/env.js'
import {certificateFiles} from '../config/servers.js'
import type {Files} from '../ports/files.js'
import {GotHttpClient, type HttpClientOptions} from './http-client.js'

/** A client that reaches `origin` as this account says: through its proxy, trusting its certificates. */
export async function openHttpClient(
  options: HttpClientOptions,
  {env, config}: {env: Env; config: Files},
): Promise<GotHttpClient> {
  const {origin} = options
  const isEnvToken = env.token !== undefined && options.token === env.token
  options = {...options, isEnvToken, maxTimeoutMs: env.httpTimeoutMs}
  const proxy = chooseProxy(origin, env.proxy)
  const files = origin.startsWith('https:') ? await certificateFiles(config, origin) : []
  if (proxy === undefined && files.length === 0) return new GotHttpClient(options)
  const {openTransport} = await import('./http-transport.js')
  const {extraCaCerts} = env
  const transport = await openTransport({proxy, certificateFiles: files, extraCaCerts})
  return new GotHttpClient({...options, transport})
}
