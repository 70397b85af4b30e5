import type {FastifyRequest} from 'fastify'
import {ApiError} from './api-error.js'
import {missingField} from './request-body.js'

export const MAX_UPLOAD_BYTES = 50 << 20

export interface UploadedFile {
  filename: string
  bytes: Buffer
}

/** The form's field `file`; of several the last counts. 422 without one, 413 above 50 MiB. */
export async function oneFile(request: FastifyRequest): Promise<UploadedFile> {
  if (!request.isMultipart()) throw missingField('file')
  let found: UploadedFile | undefined
  for await (const part of request.parts()) {
    if (part.type !== 'file') continue
    const chunks: Buffer[] = []
    for await (const chunk of part.file) chunks.push(chunk as Buffer)
    if (part.file.truncated) throw tooLarge()
    if (part.fieldname === 'file' && part.filename)
      found = {filename: part.filename, bytes: Buffer.concat(chunks)}
  }
  if (!found) throw missingField('file')
  return found
}

export function tooLarge(): ApiError {
  return new ApiError(413, 'File too large (max 50MB)')
}
