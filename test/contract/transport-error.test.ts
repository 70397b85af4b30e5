import {describe, expect, it} from 'vitest'
import {transportError} from '../../src/lib/adapters/transport-error.js'

const request = {
  ...{origin: 'https://agnes.example.com', path: '/api/health'},
  ...{proxy: null, maxTimeoutMs: Infinity},
}
const broken = (code: string) => Object.assign(new Error('stack words'), {code})

describe('a request without an answer', () => {
  it.each([
    ['ECONNREFUSED', 'nothing answers at that port', 'the server is down'],
    ['ENOTFOUND', 'no computer of that name is known here', 'how the address is spelled'],
    ['EAI_AGAIN', 'there is no way to it from here', 'You seem to be offline'],
    ['ENETUNREACH', 'there is no way to it from here', 'You seem to be offline'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS', 'begins with http://'],
    ['HPE_INVALID_CONSTANT', 'does not speak HTTP', 'another program answers there'],
  ])('says what %s means and what to look at', (code, says, hint) => {
    expect(transportError(request, broken(code))).toMatchObject({
      ...{exitCode: 9, code: 'unreachable', retryable: true},
      message: expect.stringContaining(`Cannot reach https://agnes.example.com: `),
      hint: expect.stringContaining(hint),
      details: {origin: request.origin, path: request.path, cause: code},
    })
    expect(transportError(request, broken(code)).message).toContain(says)
  })

  it('says no more than it knows', () => {
    const failure = transportError(request, broken('EWHATEVER'))
    expect(failure.message).toBe('Cannot reach https://agnes.example.com (EWHATEVER).')
    const behind = transportError({...request, proxy: 'proxy:3128'}, broken('ECONNREFUSED'))
    expect(behind.message).toBe(
      'Cannot reach https://agnes.example.com through the proxy proxy:3128 (ECONNREFUSED).',
    )
  })
})
