import {TimeoutError} from 'got'
import {UnreachableError} from '../errors.js'

export interface BrokenRequest {
  origin: string
  path: string
  /** `host:port`; `null` where there is none in between. */
  proxy: string | null
  /** The person's own ceiling; `Infinity` for none. */
  maxTimeoutMs: number
}

/** The server's certificate is not one we trust for its name. */
const UNTRUSTED =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|CERT_|ERR_TLS_CERT_)/
const GENERAL = 'Check the network and the server address, then run the command again.'

/** What a code of the operating system or of TLS means to a person, and what to look at. */
const REASONS: readonly {codes: RegExp; says: string; hint: string}[] = [
  {
    codes: /^ECONNREFUSED$/,
    says: 'nothing answers at that port',
    hint: 'Check the address and its port. If they are right, the server is down: ask who runs it.',
  },
  {
    codes: /^ENOTFOUND$/,
    says: 'no computer of that name is known here',
    hint: 'Check how the address is spelled, your network, and whether it takes a VPN.',
  },
  {
    codes: /^(EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL)$/,
    says: 'there is no way to it from here',
    hint: 'You seem to be offline. Check your network or VPN, then run the command again.',
  },
  {
    codes: /^(EPROTO|ERR_SSL_.*)$/,
    says: 'it does not speak TLS as expected',
    hint: 'Check the address: that of a server without TLS begins with http://.',
  },
  {
    codes: /^HPE_/,
    says: 'what answers there does not speak HTTP',
    hint: 'Check the port: another program answers there.',
  },
]

/** A request that came back without an answer, as a sentence with what to look at. */
export function transportError(
  {origin, path, proxy, maxTimeoutMs}: BrokenRequest,
  error: unknown,
): UnreachableError {
  const cause = (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown'
  const via = proxy === null ? '' : ` through the proxy ${proxy}`
  const isCapped = maxTimeoutMs < Infinity
  const details = {origin, path, cause, ...(proxy === null ? {} : {proxy})}
  if (error instanceof TimeoutError)
    return new UnreachableError(`${origin} did not answer in time${via}.`, {
      code: 'timeout',
      hint: isCapped
        ? `Wait longer with AGNES_HTTP_TIMEOUT (seconds; it is ${maxTimeoutMs / 1000}), or run the command again.`
        : GENERAL,
      details: {...details, ...(isCapped ? {maxTimeoutMs} : {})},
      cause: error,
    })
  if (UNTRUSTED.test(cause))
    return new UnreachableError(`The certificate of ${origin} is not trusted here (${cause}).`, {
      code: 'untrusted_certificate',
      hint: 'If your company has a certificate authority of its own, name its file: agnes server add URL --ca FILE',
      details,
      cause: error,
    })
  // Behind a proxy the codes speak of the proxy.
  const reason = proxy === null ? REASONS.find(({codes}) => codes.test(cause)) : undefined
  const why = reason === undefined ? '' : `: ${reason.says}`
  return new UnreachableError(`Cannot reach ${origin}${via}${why} (${cause}).`, {
    code: 'unreachable',
    hint: reason?.hint ?? GENERAL,
    details,
    cause: error,
  })
}
