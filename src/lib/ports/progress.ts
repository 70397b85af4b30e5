/** What long work tells while it runs; printers render it, services never print. */
export type ProgressEvent =
  | {kind: 'phase'; title: string}
  /** What lies ahead, before the first `start`: so many items of so many bytes in all. */
  | {kind: 'plan'; items: number; totalBytes: number}
  | {kind: 'start'; id: string; title: string; totalBytes: number | null}
  | {kind: 'advance'; id: string; doneBytes: number}
  | {kind: 'end'; id: string; outcome: 'done' | 'failed' | 'skipped'; message?: string}

export type OnProgress = (event: ProgressEvent) => void
