import {statSync} from 'node:fs'
import {Readable} from 'node:stream'

type Told = (signal: 'SIGINT' | 'SIGTERM') => void

/** What a command line that has no command yet does to its own process. */
export const ownProcess = {
  setExitCode: (code: number) => void (process.exitCode = code),
  exit: (code: number) => process.exit(code),
  umask: () => process.umask(),
  /** Of the working folder and of the root: in a container another one may have the same name. */
  folderMarks: () => ['.', '/'].map(markOf).join(' '),
  /** Returns what takes the listener off again. */
  onSignal(tell: Told): () => void {
    process.on('SIGINT', tell).on('SIGTERM', tell)
    return () => void process.off('SIGINT', tell).off('SIGTERM', tell)
  },
  /** What was read of standard input, for whoever reads it next: Node keeps nothing of a stream that ended. */
  putBackStdin(text: string): void {
    Object.defineProperty(process, 'stdin', {value: Readable.from([text]), configurable: true})
  },
}

function markOf(path: string): string {
  const {dev, ino} = statSync(path, {bigint: true})
  return `${dev}:${ino}`
}
