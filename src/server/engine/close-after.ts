import type {RowBatch, RowStream} from '../../lib/ports/warehouse.js'

/** The same stream; `release` runs once, when it is read to its end, fails or is given up. */
export function closeAfter(stream: RowStream, release: () => Promise<void>): RowStream {
  let released: Promise<void> | undefined
  const once = () => (released ??= release())
  return {
    columns: stream.columns,
    batches: {
      [Symbol.asyncIterator](): AsyncIterator<RowBatch> {
        const inner = stream.batches[Symbol.asyncIterator]()
        return {
          async next() {
            try {
              const result = await inner.next()
              if (result.done) await once()
              return result
            } catch (error) {
              await once()
              throw error
            }
          },
          async return() {
            await inner.return?.()
            await once()
            return {done: true, value: undefined}
          },
        }
      },
    },
  }
}
