import type {ClientRequest, IncomingMessage} from 'node:http'
import type {Readable} from 'node:stream'
import {watchHeapOf} from './stream-heap.js'

/** A got stream, as far as it is used here. */
export type RequestStream = Readable & {
  once(event: 'response', listener: (response: IncomingMessage) => void): unknown
  once(event: 'request', listener: (request: ClientRequest) => void): unknown
}

/**
 * Waits for the headers and hands out Node's own response. got's stream on top of it copies every
 * chunk through a second buffer and costs half the throughput; its work (address, headers, time-outs,
 * cancelling) is done by now. `translate` names what breaks the body later.
 */
export async function openResponse(
  stream: RequestStream,
  translate: (error: unknown) => Error,
): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', reject)
  })
  stream.on('error', () => {
    // Told by the response below, which whoever reads the body listens to.
  })
  response.removeAllListeners('readable')
  if (!response.destroyed) watchHeapOf(response)
  const destroy = response._destroy.bind(response)
  response._destroy = (error, done) => destroy(error && translate(error), done)
  // Lets go of the caller's signal as soon as the body is over.
  response.once('close', () => stream.destroy())
  return response
}

/** The beginning of an error body; a body that breaks off is as good as one that ends. */
export function readCapped(body: Readable, maxBytes: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const finish = () => resolve(Buffer.concat(chunks).toString('utf8'))
    // An empty body is over before anybody can listen.
    if (body.destroyed) return finish()
    body.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxBytes) body.destroy()
    })
    body.once('end', finish)
    body.once('close', finish)
    body.once('error', finish)
  })
}
