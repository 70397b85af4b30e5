import type {Files} from '../ports/files.js'

/** The same files to look at; writing does nothing. For finding out what would be written. */
export function dryRunFiles(files: Files): Files {
  const nothing = () => Promise.resolve()
  const replaced: Partial<Files> = {
    writeAtomic: nothing,
    append: nothing,
    install: nothing,
    remove: nothing,
    createFolder: nothing,
  }
  return new Proxy(files, {
    get(target, key: keyof Files) {
      const value = replaced[key] ?? target[key]
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
  })
}
