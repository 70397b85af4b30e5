/** One thing on disk. Links are not followed: a link is `other`. */
export interface DiskEntry {
  /** Relative to the folder walked, with `/`. */
  path: string
  kind: 'file' | 'folder' | 'other'
  /** Apparent length. */
  sizeBytes: number
  /** What the file system set aside for it; equals `sizeBytes` where the system does not say. */
  allocatedBytes: number
  mtimeMs: number
  /** The same for names that share their bytes (hard links), `null` for a file of one name. */
  sharedId: string | null
}

/** Questions about any folder of the disk; never writes, never reads a file's content. */
export interface Folders {
  /** Absolute path with every link resolved; what does not exist yet is appended as given. */
  realPath(path: string): Promise<string>
  /** Follows links. */
  kindOf(path: string): Promise<'file' | 'folder' | 'other' | 'missing'>
  /** Permission bits of a file (links followed), `undefined` where there are none (Windows) or no file. */
  modeOf(path: string): Promise<number | undefined>
  /** Everything below, depth first, sorted, folders included; `[]` when the folder is not there. */
  walk(path: string, signal?: AbortSignal): Promise<DiskEntry[]>
}
