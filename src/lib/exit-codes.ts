/** A way a run of agnes can end. */
export interface ExitCode {
  code: number
  /** Short and stable. */
  name: string
  /** For a person, one sentence without its full stop. */
  meaning: string
  /** True when the same command may succeed later without any change. */
  retryable: boolean
}

/** The whole table: `agnes exit-codes` prints it, docs/exit-codes.md and errors.ts are tested against it. */
export const exitCodes: readonly ExitCode[] = [
  {code: 0, name: 'done', meaning: 'Done; an empty result too', retryable: false},
  {code: 1, name: 'unexpected', meaning: 'A bug in agnes', retryable: false},
  {
    code: 2,
    name: 'usage',
    meaning: 'Wrong flags, input a check rejected, or a refused redirect',
    retryable: false,
  },
  {
    code: 3,
    name: 'rate limited',
    meaning: 'Too many requests, or a quota is used up',
    retryable: true,
  },
  {
    code: 4,
    name: 'not found',
    meaning: 'No such table, snapshot, workspace or metric',
    retryable: false,
  },
  {code: 5, name: 'server error', meaning: 'The server failed (HTTP 5xx)', retryable: true},
  {code: 6, name: 'conflict', meaning: 'Something with that name already exists', retryable: false},
  {
    code: 7,
    name: 'not signed in',
    meaning: 'No token, or it is expired, revoked or unknown',
    retryable: false,
  },
  {code: 8, name: 'forbidden', meaning: 'Signed in, but not allowed', retryable: false},
  {
    code: 9,
    name: 'unreachable',
    meaning: 'No connection, a time-out, or an answer that cannot be read',
    retryable: true,
  },
  {
    code: 10,
    name: 'integrity',
    meaning: 'Bytes are not what was promised; nothing was replaced',
    retryable: false,
  },
  {code: 11, name: 'busy', meaning: 'A lock is held by another process', retryable: true},
  {code: 12, name: 'partial', meaning: 'Some tables failed, the rest is done', retryable: true},
  {code: 13, name: 'query error', meaning: 'The SQL is wrong', retryable: false},
  {
    code: 14,
    name: 'too large',
    meaning: 'Over a cost cap, a size policy or the free disk',
    retryable: false,
  },
  {code: 130, name: 'interrupted', meaning: 'Stopped by Ctrl-C (SIGINT)', retryable: false},
  {code: 143, name: 'stopped', meaning: 'Stopped by the system (SIGTERM)', retryable: false},
]
