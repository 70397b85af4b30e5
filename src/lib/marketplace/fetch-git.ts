import {AuthError, UnreachableError} from '../errors.js'
import type {Programs} from '../ports/programs.js'
import type {FetchedArchive} from './fetch-zip.js'

export interface GitSource {
  programs: Programs
  origin: string
  token: string
  /** PEM file of all certificates to trust, absolute; `undefined` for those that git trusts. */
  caFile: string | undefined
  /** An empty folder to work in; the caller removes it. Absolute. */
  scratch: string
  readArchive(): Promise<Buffer>
}

const ASK_TIMEOUT_MS = 30_000
const CLONE_TIMEOUT_MS = 120_000
const TOKEN = 'AGNES_GIT_PASSWORD'
/** Runs in git's own shell for one call; the token is in the environment of that call alone. */
const HELPER = `!f() { test "$1" = get && echo username=x-access-token && echo "password=$${TOKEN}"; }; f`

/**
 * The marketplace by git. The commit says whether anything changed; the tree then comes as an archive,
 * which is judged like one that was downloaded.
 */
export async function fetchGit(
  source: GitSource,
  known: string | undefined,
  signal?: AbortSignal,
): Promise<FetchedArchive> {
  const url = `${source.origin}/marketplace.git/`
  const listed = await git(source, ['ls-remote', url, 'HEAD'], ASK_TIMEOUT_MS, signal)
  const commit = /^([0-9a-f]{40,64})\tHEAD$/m.exec(listed)?.[1]
  if (commit === undefined) throw unreadable(source.origin, 'it names no commit')
  if (commit === known) return {kind: 'same'}
  const clone = ['clone', '--quiet', '--bare', '--no-tags', '--single-branch', url, 'clone.git']
  await git(source, clone, CLONE_TIMEOUT_MS, signal)
  const pack = ['--git-dir=clone.git', 'archive', '--format=zip', '--output=tree.zip', 'HEAD']
  await git(source, pack, CLONE_TIMEOUT_MS, signal)
  return {kind: 'archive', bytes: await source.readArchive(), version: commit}
}

async function git(
  {programs, origin, token, caFile, scratch}: GitSource,
  args: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<string> {
  const settings = [
    // Empties the list of helpers first: none of the computer's own is asked or told.
    'credential.helper=',
    `credential.${origin}.helper=${HELPER}`,
    'http.followRedirects=false',
    'protocol.allow=never',
    `protocol.${new URL(origin).protocol.slice(0, -1)}.allow=always`,
    'core.hooksPath=/dev/null',
    // Windows: its own store is asked otherwise.
    ...(caFile === undefined ? [] : ['http.schannelUseSSLCAInfo=true']),
  ]
  const variables = {
    [TOKEN]: token,
    ...{GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', LC_ALL: 'C'},
    // Whatever traces the computer is set to write: never with the token.
    GIT_TRACE_REDACT: '1',
    // Beats every setting, also one for this address.
    ...(caFile === undefined ? {} : {GIT_SSL_CAINFO: caFile}),
  }
  const outcome = await programs.run(
    'git',
    [...settings.flatMap((setting) => ['-c', setting]), ...args],
    {folder: scratch, timeoutMs, variables},
    signal,
  )
  if (outcome.exitCode === 0) return outcome.stdout
  throw refusal(origin, outcome.stderr)
}

/** git says what went wrong in words only. */
function refusal(origin: string, stderr: string): AuthError | UnreachableError {
  const details = {git: stderr.trim().slice(-1000)}
  if (/Authentication failed|could not read Username|HTTP 401|error: 401/i.test(stderr))
    return new AuthError(`${origin} does not accept the token.`, {
      hint: `Run: agnes init --server-url ${origin} --token-stdin`,
      details,
    })
  if (/certificate (?:verification failed|problem)|SEC_E_UNTRUSTED_ROOT/i.test(stderr))
    return new UnreachableError(`git does not trust the certificate of ${origin}.`, {
      code: 'untrusted_certificate',
      hint: `If your company has a certificate authority of its own, name its file: agnes server add ${origin} --ca FILE`,
      details,
    })
  return unreadable(origin, stderr.trim().split('\n').at(-1) ?? 'git failed', details)
}

function unreadable(origin: string, reason: string, details = {}): UnreachableError {
  return new UnreachableError(
    `The marketplace of ${origin} could not be fetched by git: ${reason}`,
    {
      code: 'git_failed',
      hint: 'Run: agnes marketplace refresh',
      details,
    },
  )
}
