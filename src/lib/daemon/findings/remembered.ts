import type {Files} from '../../ports/files.js'

/** What was read from files, read again only when one of them has moved. */
export class Remembered<T> {
  private known: {mark: string; value: T} | undefined

  /** @param mark what changes with the files: see `markOf` */
  async get(mark: string, read: () => Promise<T>): Promise<T> {
    if (this.known?.mark !== mark) this.known = {mark, value: await read()}
    return this.known.value
  }

  forget(): void {
    this.known = undefined
  }
}

/** Size and time of every path; missing ones count as well. */
export async function markOf(files: Files, paths: readonly string[]): Promise<string> {
  const found = await files.statMany(paths)
  return paths
    .map((path) => {
      const facts = found.get(path)
      return facts ? `${path}\t${facts.sizeBytes}\t${facts.mtimeMs}` : path
    })
    .join('\n')
}
