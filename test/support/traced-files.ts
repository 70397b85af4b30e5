import {execFileSync} from 'node:child_process'
import {readdir, readFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {spawnProcess} from './spawn-node.js'
import {tempDir} from './temp-dir.js'

/** What a run of Node and everything it started did with files, as the kernel saw it; absolute paths. */
export interface Traced {
  exitCode: number | null
  stdout: string
  stderr: string
  /** Opened, files and folders, links resolved. */
  read: Set<string>
  /** Opened for writing, made, renamed, removed or changed. */
  written: Set<string>
  /** Ports of this and other computers. */
  connected: Set<number>
}

const CALLS =
  '?open,openat,?openat2,?creat,?truncate,?mkdir,mkdirat,?mknod,mknodat,?rmdir,?unlink,unlinkat,' +
  '?rename,?renameat,renameat2,?link,linkat,?symlink,symlinkat,?chmod,fchmodat,?chown,fchownat,' +
  '?utimes,utimensat,connect'
const PROGRAM = 'strace'
const FLAGS = ['-ff', '-qq', '-y', '-s', '4096', '-e', `trace=${CALLS}`]

/** False where there is no `strace`, or where it may not look. */
export const canTrace = (() => {
  try {
    const script = `${PROGRAM} -o /dev/null -e trace=openat true`
    execFileSync('/bin/sh', ['-c', script], {stdio: 'ignore'})
    return true
  } catch {
    return false
  }
})()

/** Waits for what it leaves running as well. */
export async function traced(
  args: readonly string[],
  {env, cwd, stdin}: {env: Record<string, string>; cwd: string; stdin?: string},
): Promise<Traced> {
  const folder = await tempDir()
  const command = [...FLAGS, '-o', join(folder, 'trace'), process.execPath, ...args]
  // Its own requests to the kernel would not be seen.
  const options = {env: {...env, UV_USE_IO_URING: '0'}, cwd}
  const run = spawnProcess(PROGRAM, command, stdin === undefined ? options : {...options, stdin})
  const {exitCode, stdout, stderr} = await run.ended
  const found = {
    ...{exitCode, stdout, stderr},
    ...{read: new Set<string>(), written: new Set<string>(), connected: new Set<number>()},
  }
  for (const name of await readdir(folder))
    for (const line of (await readFile(join(folder, name), 'utf8')).split('\n'))
      note(found, line, cwd)
  return found
}

/** `openat(AT_FDCWD</cwd>, "path", O_RDONLY) = 3</real/path>`, or a call that names what it changes. */
function note({read, written, connected}: Traced, line: string, cwd: string): void {
  // It is on its way when the kernel answers EINPROGRESS.
  const port = /^connect\(.*sin6?_port=htons\((\d+)\)/.exec(line)?.[1]
  if (port !== undefined) connected.add(Number(port))
  const [, call, args, outcome] = /^(\w+)\((.*)\)\s+= (-?\d+(?:<.*>)?)/.exec(line) ?? []
  if (call === undefined || args === undefined || outcome === undefined) return
  if (outcome.startsWith('-') || call === 'connect') return
  if (/^(?:open|openat|openat2|creat)$/.test(call)) {
    const path = /<(.*)>$/.exec(outcome)?.[1] ?? ''
    const isWriting = call === 'creat' || /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(args)
    ;(isWriting ? written : read).add(path.replace(/\(deleted\)$/, ''))
    return
  }
  // What a link points to is not touched by making it.
  const paths = [...args.matchAll(/(?:\w+<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g)]
  for (const [, base, path] of call.startsWith('symlink') ? paths.slice(-1) : paths)
    written.add(resolve(base ?? cwd, path!))
}
