import {createHash} from 'node:crypto'
import {promisify} from 'node:util'
import {gunzip} from 'node:zlib'
import type {FastifyInstance, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import {MAX_UPLOAD_BYTES, oneFile, tooLarge, type UploadedFile} from '../upload-form.js'

const NAME = /^[A-Za-z0-9._-]{1,200}$/
const inflate = promisify(gunzip)

/** What clients send: session transcripts, their own notes, artifacts. Each user has a folder. */
export function registerUploadRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  app.post('/api/upload/sessions', async (request) => {
    const upload = await oneFile(request)
    refuseName(upload.filename)
    return keep(deps, request, {kind: 'sessions', upload: await unpacked(upload)})
  })

  app.post('/api/upload/artifacts', async (request) => {
    const upload = await oneFile(request)
    refuseName(upload.filename)
    return keep(deps, request, {kind: 'artifacts', upload})
  })

  app.post('/api/upload/local-md', async (request) => {
    const body = new RequestBody(request.body)
    const content = body.text('content')
    body.check()
    const {userId, email} = callerOf(request)
    const name = createHash('md5').update(email).digest('hex')
    await deps.files.writeAtomic(`uploads/${userId}/local-md/${name}.md`, content)
    return {status: 'ok', user: email, size: [...content].length}
  })
}

async function keep(
  {files}: ServerRouteDeps,
  request: FastifyRequest,
  {kind, upload}: {kind: 'sessions' | 'artifacts'; upload: UploadedFile},
): Promise<Record<string, unknown>> {
  const {filename, bytes} = upload
  await files.writeAtomic(`uploads/${callerOf(request).userId}/${kind}/${filename}`, bytes)
  return {status: 'ok', filename, size: bytes.length}
}

function refuseName(filename: string): void {
  if (!NAME.test(filename) || /^\.+$/.test(filename))
    throw new ApiError(400, `filename must match ${NAME.source} and be more than dots`)
}

/** A transcript sent as `name.gz` is kept unpacked as `name`. */
async function unpacked({filename, bytes}: UploadedFile): Promise<UploadedFile> {
  if (!filename.endsWith('.gz')) return {filename, bytes}
  const name = filename.slice(0, -'.gz'.length)
  refuseName(name)
  try {
    return {filename: name, bytes: await inflate(bytes, {maxOutputLength: MAX_UPLOAD_BYTES})}
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new ApiError(400, 'invalid_gzip')
  }
}
