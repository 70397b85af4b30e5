/** Randomness for jitter and names, so that tests can seed it. */
export interface Random {
  /** A float in [0, 1). Not for secrets. */
  float(): number
  /** `bytes` unpredictable bytes as lower-case hex. */
  hex(bytes: number): string
}
