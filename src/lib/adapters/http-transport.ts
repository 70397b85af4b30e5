import {readFile} from 'node:fs/promises'
import type {OptionsInit} from 'got'
import {UsageError} from '../errors.js'

/** How a server is reached: what `got` takes besides the request. */
export interface Transport {
  options: OptionsInit
  /** Host and port of the proxy, for messages; `null` when there is none. */
  proxy: string | null
}

/** Loads nothing unless a proxy or certificates apply. `UsageError` for what cannot be used. */
export async function openTransport({
  proxy,
  certificateFiles,
  extraCaCerts,
}: {
  proxy: string | undefined
  /** Trusted besides the usual ones. */
  certificateFiles: readonly string[]
  /** What NODE_EXTRA_CA_CERTS names: a list of our own would replace it. */
  extraCaCerts: string | undefined
}): Promise<Transport> {
  const trust = certificateFiles.length === 0 ? {} : await trusting(certificateFiles, extraCaCerts)
  if (proxy === undefined) return {options: trust, proxy: null}
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(
      'The proxy address in the environment is not an http:// or https:// one.',
      {
        code: 'bad_proxy',
        hint: 'Correct HTTPS_PROXY (or HTTP_PROXY, ALL_PROXY), or list the server in NO_PROXY.',
      },
    )
  const {HttpProxyAgent, HttpsProxyAgent} = await import('hpagent')
  const options = {proxy: url.href, keepAlive: true, maxSockets: 64}
  const agent = {http: new HttpProxyAgent(options), https: new HttpsProxyAgent(options)}
  return {options: {...trust, agent}, proxy: url.host}
}

async function trusting(files: readonly string[], extra: string | undefined): Promise<OptionsInit> {
  return {https: {certificateAuthority: await trustedCertificates(files, extra)}}
}

/**
 * All there is to trust, as PEM texts: Node's own certificates, those of `files`, and those of the file
 * that NODE_EXTRA_CA_CERTS names. `UsageError` (code `bad_ca_file`) for one of `files` that is none.
 */
export async function trustedCertificates(
  files: readonly string[],
  extra: string | undefined,
): Promise<string[]> {
  const {rootCertificates} = await import('node:tls')
  const own = await Promise.all(files.map(readCertificates))
  const inherited = extra === undefined ? [] : [await readFile(extra, 'utf8').catch(() => '')]
  return [...rootCertificates, ...own, ...inherited]
}

async function readCertificates(path: string): Promise<string> {
  const refuse = (what: string, cause?: unknown) =>
    new UsageError(`The certificate file ${path} ${what}.`, {
      code: 'bad_ca_file',
      hint: 'Give a PEM file: `ca` in config.yaml, or `agnes server add URL --ca FILE`.',
      details: {path},
      ...(cause === undefined ? {} : {cause}),
    })
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw refuse('cannot be read', error)
  })
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw refuse('holds no certificate')
  return text
}
