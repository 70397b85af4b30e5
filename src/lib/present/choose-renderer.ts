import {UsageError} from '../errors.js'
import type {RenderRows} from '../query/answer-source.js'
import {queryRenderer, type QueryFormat} from './query-formats.js'

/** What turns rows into a format. @param stream standard output; `null` for a file */
export async function chooseRenderer(
  format: QueryFormat,
  stream: {isTty: boolean; hasColor: boolean; columns: number} | null,
): Promise<RenderRows | 'parquet'> {
  const {isTty, hasColor, columns} = stream ?? FILE
  if (format !== 'arrow') return queryRenderer(format, {isTty, hasColor, columns})
  if (isTty)
    throw new UsageError('Arrow is not for a terminal.', {
      code: 'binary_to_terminal',
      hint: 'Add --out FILE, or pipe the output into another program.',
    })
  return (await import('../arrow/encode-arrow-stream.js')).encodeArrowStream
}

const FILE = {isTty: false, hasColor: false, columns: 80}
