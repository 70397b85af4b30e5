import {UnreachableError} from '../errors.js'

/** One company note of `GET /api/memory/bundle`. Every string is data from elsewhere. */
export interface Note {
  /** As sent; may be unfit for a file name. */
  id: string
  title: string
  content: string
  category: string | null
  domain: string | null
  author: string | null
  /** As sent. */
  updatedAt: string | null
}

export interface NotesBundle {
  mandatory: Note[]
  /** In the server's order, which carries meaning. */
  approved: Note[]
}

/** `UnreachableError` (code `unreadable_notes`) for anything that is not a bundle: that must not read as "none". */
export function readNotesBundle(body: unknown): NotesBundle {
  if (!isRecord(body) || !Array.isArray(body.mandatory) || !Array.isArray(body.approved))
    throw new UnreachableError('The answer with the company notes is not readable.', {
      code: 'unreadable_notes',
      hint: 'The notes already here were kept. Run `agnes pull` again later.',
    })
  return {mandatory: notes(body.mandatory), approved: notes(body.approved)}
}

function notes(items: unknown[]): Note[] {
  return items.filter(isRecord).map((item) => ({
    id: text(item.id) ?? '',
    title: text(item.title) ?? '',
    content: text(item.content) ?? '',
    category: text(item.category),
    domain: text(item.domain),
    author: text(item.source_user),
    updatedAt: text(item.updated_at) ?? text(item.created_at),
  }))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
