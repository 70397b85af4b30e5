import type {FastifyReply} from 'fastify'

/** Aborts when the client goes away before the answer is out, or when the server stops. */
export function requestSignal(reply: FastifyReply, server: AbortSignal): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the client has gone away'))
  })
  return AbortSignal.any([gone.signal, server])
}
