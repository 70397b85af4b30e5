import type {ProxyEnv} from './env.js'

/**
 * The proxy for a server, `undefined` to reach it directly. An entry of NO_PROXY covers the host itself
 * and what is below it; `host:port` only that port. Loopback is never reached through a proxy.
 */
export function chooseProxy(origin: string, proxy: ProxyEnv): string | undefined {
  const {protocol, hostname, port} = new URL(origin)
  const address = (protocol === 'https:' ? proxy.https : proxy.http) ?? proxy.all
  if (address === undefined || isLoopback(hostname)) return undefined
  const actualPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  const exceptions = (proxy.none ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
  if (exceptions.some((entry) => covers(entry.toLowerCase(), hostname, actualPort)))
    return undefined
  return address.includes('://') ? address : `http://${address}`
}

function covers(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true
  const [, host = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
  if (entryPort !== undefined && entryPort !== port) return false
  const domain = host.replace(/^\*?\./, '')
  return domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`))
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
