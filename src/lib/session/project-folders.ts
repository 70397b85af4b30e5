/**
 * Claude Code's transcripts. Vocabulary: the *transcripts folder* (`~/.claude/projects`) holds one
 * *project folder* for each folder a session was started in, named by that path in a lossy way; in it
 * lies one *transcript* (`<session id>.jsonl`) a session. The name only says where to look: the `cwd`
 * inside a transcript decides whose it is.
 *
 * This room finds and describes transcripts and keeps the private list; it sends nothing.
 */

/** Claude Code cuts longer names and puts a hash behind; which hash depends on its build. */
const MAX_NAME_UNITS = 200

/**
 * Whether a project folder may hold sessions of a workspace or of a folder below it. Knows every rule
 * that Claude Code and the reference client have used, and tells too much rather than too little.
 * @param workspacePaths the workspace's path in every spelling known (as given, links resolved)
 */
export function projectFolderTest(workspacePaths: readonly string[]): (name: string) => boolean {
  const prefixes = new Set(
    workspacePaths
      .flatMap((path) => [path, path.normalize('NFC'), path.normalize('NFD')])
      .map((path) => path.replace(/[\\/]+$/, ''))
      .flatMap(encodings)
      // Drive letters come in either case, and no two projects are told apart by case alone: cwd decides.
      .map((name) => name.slice(0, MAX_NAME_UNITS).toLowerCase())
      .filter((name) => name !== ''),
  )
  return (name) => {
    const lower = name.toLowerCase()
    for (const prefix of prefixes)
      if (lower === prefix || lower.startsWith(`${prefix}-`)) return true
    return false
  }
}

/** Today's rule for `path`, without what it does to long names. */
export function encodedPath(path: string): string {
  // Without the `u` flag a character outside the basic plane is two units, and so two dashes.
  return path.replace(/[^a-zA-Z0-9]/g, '-')
}

/** Today's rule first, then the two older ones. */
function encodings(path: string): string[] {
  return [encodedPath(path), path.replace(/[^a-zA-Z0-9]+/g, '-'), path.replaceAll('/', '-')]
}

/** Whether a session that ran in `cwd` belongs to the workspace: the folder itself or one below it. */
export function isBelow(cwd: string, workspacePaths: readonly string[]): boolean {
  const folder = comparable(cwd)
  return workspacePaths
    .map(comparable)
    .some((workspace) => folder === workspace || folder.startsWith(`${workspace}/`))
}

/** Windows paths in one spelling; other systems' paths keep their case. */
function comparable(path: string): string {
  const normal = path.normalize('NFC')
  const isWindows = /^[a-z]:[\\/]|^\\\\/i.test(normal)
  const slashed = isWindows ? normal.replaceAll('\\', '/').toLowerCase() : normal
  return slashed.replace(/\/+$/, '')
}
