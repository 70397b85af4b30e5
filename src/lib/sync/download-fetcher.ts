import type {Downloader} from '../download/download.js'
import type {OnProgress} from '../ports/progress.js'
import type {TableFetcher} from './table-fetcher.js'

/** The download engine as a pull sees it: tables and parts instead of artifacts. */
export function downloadFetcher(create: (onProgress: OnProgress) => Downloader): TableFetcher {
  const listeners = new Map<string, (doneBytes: number) => void>()
  const downloader = create((event) => {
    if (event.kind === 'advance') listeners.get(event.id)?.(event.doneBytes)
  })
  return {
    async fetch({table, part, md5, sizeBytes}, onBytes, signal) {
      const id = part === null ? table : `${table}/${part}`
      const query = part === null ? {} : {query: {part}}
      listeners.set(id, onBytes)
      try {
        const path = `/api/data/${encodeURIComponent(table)}/download`
        const file = await downloader.fetch({id, path, md5, sizeBytes, ...query}, signal)
        return {path: file.partialPath, sizeBytes: file.sizeBytes, md5: file.md5}
      } finally {
        listeners.delete(id)
      }
    },
    close: () => downloader.close(),
  }
}
