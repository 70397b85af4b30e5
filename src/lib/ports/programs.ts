/** How a program that ran to its end went. */
export interface ProgramOutcome {
  exitCode: number
  stdout: string
  stderr: string
}

/**
 * Other programs of this computer, found by PATH, with an empty input. Output beyond 16 MiB is cut.
 * Errors: `MissingError` (code `program_missing`), `UnreachableError` (code `program_timed_out`); an
 * exit code other than 0 is an outcome, not an error.
 */
export interface Programs {
  run(
    program: string,
    args: readonly string[],
    options: {
      folder: string
      timeoutMs: number
      /** On top of the environment of this process. */
      variables?: Readonly<Record<string, string>>
    },
    signal?: AbortSignal,
  ): Promise<ProgramOutcome>
}
