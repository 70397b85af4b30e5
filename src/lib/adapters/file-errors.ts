import {AgnesError, MissingError, TooLargeError, UnexpectedError, UsageError} from '../errors.js'

export function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? ''
}

export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error))
}

/** File-system failures as errors a person can act on; what has no better name stays as it is. */
export function translateFileError(error: unknown, path: string): unknown {
  if (error instanceof AgnesError) return error
  const errno = errnoOf(error)
  const options = {details: {path, errno}, cause: error}
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new TooLargeError(`The disk is full: ${path} could not be written.`, {
      ...options,
      code: 'disk_full',
      hint: 'Free some space (agnes disk-info shows what agnes uses), then run the command again.',
    })
  if (['EACCES', 'EPERM', 'EROFS'].includes(errno))
    return new UsageError(`No permission to use ${path} (${errno}).`, {
      ...options,
      code: 'no_permission',
      hint: 'Check who owns the folder and whether it is read-only.',
    })
  if (errno === 'ENAMETOOLONG')
    return new UsageError(`The name of ${path.slice(0, 80)}… is too long for this file system.`, {
      ...options,
      code: 'name_too_long',
      details: {errno},
    })
  if (isMissing(error))
    return new MissingError(`There is no file ${path}.`, {...options, code: 'file_missing'})
  if (errno === 'EIO')
    return new UnexpectedError(`The disk failed while using ${path} (EIO).`, {
      ...options,
      code: 'disk_failed',
      hint: 'Check the health of the disk before running the command again.',
    })
  return error
}
