import {createHash} from 'node:crypto'
import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {readRange} from '../byte-range.js'
import {callerOf} from '../route-deps.js'
import {finish, sendBytes, type OpenedFile} from '../send-file.js'
import type {ServerRouteDeps} from '../server-deps.js'
import {allowedTable, openDownload} from './open-download.js'

/** Parts up to this size are hashed as they are sent, so that the answer describes itself. */
const SELF_DESCRIBING_BYTES = 8 << 20

interface DownloadRequest {
  Params: {table: string}
  Querystring: {part?: string | string[]}
}

/** Table bytes: who may have them, whole, in ranges, or part by part. */
export function registerDataRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  app.get<DownloadRequest>('/api/data/:table/check-access', async (request, reply) => {
    allowedTable(deps, callerOf(request), request.params.table)
    return reply.code(204).send()
  })

  app.get<DownloadRequest>('/api/data/:table/download', async (request, reply) => {
    const reference = request.params.table
    const {part} = request.query
    const isPart = part !== undefined
    const {file, path} = await openDownload(deps, callerOf(request), {reference, part})
    try {
      const name = isPart ? (path.split(/[\\/]/).at(-1) ?? '') : `${reference}.parquet`
      if (isPart && file.sizeBytes <= SELF_DESCRIBING_BYTES && request.headers.range === undefined)
        return await sendWholePart(request, reply, {file, name})
      return await sendFile(request, reply, {file, name})
    } catch (error) {
      // After the head is out nobody else can tell.
      if (reply.sent)
        deps.logger.error('download broke off', {table: reference, error: String(error)})
      throw error
    } finally {
      await file.handle.close()
    }
  })
}

interface Served {
  file: OpenedFile
  name: string
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  served: Served,
): Promise<FastifyReply> {
  const {file} = served
  const {range, 'if-none-match': known, 'if-range': ifRange} = request.headers
  if (known === file.etag) return reply.code(304).send()
  const isCurrent = ifRange === undefined || ifRange === file.etag || ifRange === file.lastModified
  const answer = readRange(isCurrent ? range : undefined, file.sizeBytes)
  if (answer.kind === 'malformed')
    return reply.code(400).type('text/plain; charset=utf-8').send(answer.message)
  if (answer.kind === 'unsatisfiable')
    return reply
      .code(416)
      .type('text/plain; charset=utf-8')
      .header('content-range', `bytes */${file.sizeBytes}`)
      .send('')
  const ranges = answer.kind === 'whole' ? [{first: 0, last: file.sizeBytes - 1}] : answer.ranges
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag: file.etag,
    'last-modified': file.lastModified,
    'content-disposition': attachment(served.name),
  }
  return stream(reply, served, {status: answer.kind === 'whole' ? 200 : 206, headers, ranges})
}

/** Straight to the socket: the framework has done its part once the head is decided. */
async function stream(
  reply: FastifyReply,
  {file}: Served,
  plan: {
    status: 200 | 206
    headers: Record<string, string>
    ranges: readonly {first: number; last: number}[]
  },
): Promise<FastifyReply> {
  const {status, ranges} = plan
  const size = file.sizeBytes
  const [only] = ranges
  const isMultipart = ranges.length > 1
  const boundary = createHash('md5').update(`${file.etag}${ranges.length}`).digest('hex')
  const heads = ranges.map(
    ({first, last}) =>
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${first}-${last}/${size}\r\n\r\n`,
  )
  const tail = `--${boundary}--`
  const bodyBytes = ranges.reduce((sum, {first, last}) => sum + last - first + 1, 0)
  const frameBytes = heads.reduce((sum, head) => sum + head.length + 2, 0) + tail.length
  const headers: Record<string, string | number> = {
    ...plan.headers,
    'content-length': isMultipart ? bodyBytes + frameBytes : bodyBytes,
  }
  if (isMultipart) headers['content-type'] = `multipart/byteranges; boundary=${boundary}`
  else if (status === 206 && only)
    headers['content-range'] = `bytes ${only.first}-${only.last}/${size}`
  reply.hijack()
  const response = reply.raw
  response.writeHead(status, {...(reply.getHeaders() as Record<string, string>), ...headers})
  try {
    for (const [index, range] of ranges.entries()) {
      if (isMultipart) response.write(heads[index])
      await sendBytes(file.handle, response, range)
      if (isMultipart) response.write('\r\n')
    }
    if (isMultipart) response.write(tail)
    await finish(response)
  } catch (error) {
    // The head is out: only a broken connection still says that the body is not whole.
    response.destroy()
    throw error
  }
  return reply
}

/** A small part in one piece, with the MD5 of the very bytes sent. */
async function sendWholePart(
  request: FastifyRequest,
  reply: FastifyReply,
  {file, name}: Served,
): Promise<FastifyReply> {
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  const bytes = await file.handle.readFile()
  return reply
    .type('application/octet-stream')
    .headers({
      etag: file.etag,
      'content-disposition': attachment(name),
      'x-agnes-content-md5': createHash('md5').update(bytes).digest('hex'),
    })
    .send(bytes)
}

function attachment(name: string): string {
  return `attachment; filename="${name.replace(/[^A-Za-z0-9._=-]/g, '_')}"`
}
