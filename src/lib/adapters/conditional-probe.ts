import type {IncomingMessage} from 'node:http'
import {chooseProxy} from '../config/choose-proxy.js'
import type {Env} from '../config/env.js'
import {certificateFiles} from '../config/servers.js'
import type {Files} from '../ports/files.js'
import type {Probe, ProbeAnswer} from '../ports/probe.js'
import {answerPrint, isPrint} from '../wire/answer-print.js'

const TIMEOUT_MS = 2000
/** Far more than the longest list of tables; past it the ordinary pull looks. */
const MAX_BYTES = 64 << 20

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
  return isPlain ? conditionalProbe(options) : {ask: () => Promise.resolve('other')}
}

/** What an ordinary request would only find out once more; whatever else happened it can explain. */
function isNobodyThere(error: Error): boolean {
  return NOBODY.includes((error as NodeJS.ErrnoException).code ?? '')
}

const NOBODY = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
]

interface ProbeOptions {
  origin: string
  token: string
  userAgent: string
}

function conditionalProbe({origin, token, userAgent}: ProbeOptions): Probe {
  return {
    async ask(path, mark, signal) {
      const {request} = origin.startsWith('https:')
        ? await import('node:https')
        : await import('node:http')
      const headers = {
        accept: 'application/json',
        ...(isPrint(mark) ? {'accept-encoding': 'gzip'} : {'if-none-match': mark}),
        authorization: `Bearer ${token}`,
        'user-agent': userAgent,
      }
      return new Promise((resolve) => {
        const asked = request(
          origin + path,
          {headers, signal, timeout: TIMEOUT_MS, agent: false},
          (answer: IncomingMessage) => {
            // A body that breaks off is not the one of last time.
            if (isPrint(mark))
              return void hasPrint(answer, mark).then(resolve, () => resolve('other'))
            resolve(answer.statusCode === 304 ? 'same' : 'other')
            answer.destroy()
          },
        )
        asked.on('timeout', () =>
          asked.destroy(Object.assign(new Error('no answer'), {code: 'ETIMEDOUT'})),
        )
        asked.on('error', (error) => resolve(isNobodyThere(error) ? 'unreachable' : 'other'))
        asked.end()
      })
    },
  }
}

async function hasPrint(answer: IncomingMessage, mark: string): Promise<ProbeAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  if (answer.statusCode === 200)
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MAX_BYTES) break
      chunks.push(chunk)
    }
  answer.destroy()
  if (!answer.complete) return 'other'
  const bytes = Buffer.concat(chunks)
  const text = (await decoded(bytes, answer)).toString('utf8')
  return answerPrint(text) === mark ? 'same' : 'other'
}

async function decoded(bytes: Buffer, {headers}: IncomingMessage): Promise<Buffer> {
  if (headers['content-encoding'] === undefined) return bytes
  const {gunzipSync} = await import('node:zlib')
  return gunzipSync(bytes, {maxOutputLength: MAX_BYTES})
}
