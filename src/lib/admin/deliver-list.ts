import type {OutputStream} from '../ports/streams.js'

/** A list as it goes out: page by page, so that its length takes no memory. */
export interface DeliveredList<Row> {
  /** The list's name in the JSON document: `{[key]: […], "count": n}`. */
  key: string
  pages: AsyncIterable<Row[]>
  /** Text of one page; asked with no rows for an empty list. */
  render(rows: Row[], isFirst: boolean): string
  isJson: boolean
  output: Pick<OutputStream, 'write' | 'isClosed'>
  /** Told once, before the first byte. */
  onFirstWrite(): void
}

/** Writes a list and returns how many rows it had; stops, quietly, when the reader has left. */
export async function deliverList<Row>(list: DeliveredList<Row>): Promise<number> {
  return list.isJson ? deliverJson(list) : deliverText(list)
}

async function deliverText<Row>(list: DeliveredList<Row>): Promise<number> {
  const {pages, render, output} = list
  let count = 0
  for await (const rows of pages) {
    if (rows.length === 0) continue
    await output.write(ended(render(rows, count === 0)))
    count += rows.length
    if (output.isClosed) return count
  }
  const empty = count === 0 ? render([], true) : ''
  if (empty !== '') await output.write(ended(empty))
  return count
}

/** One document. The first page waits for the second: a list that fails at once is an error and nothing else. */
async function deliverJson<Row>(list: DeliveredList<Row>): Promise<number> {
  const {key, pages, output, onFirstWrite} = list
  let count = 0
  let waiting: string | undefined
  const flush = async (text: string) => {
    if (waiting !== undefined) await output.write(waiting)
    waiting = undefined
    await output.write(text)
  }
  for await (const rows of pages) {
    if (rows.length === 0) continue
    const text = rows.map((row) => indented(row)).join(',\n')
    if (count === 0) waiting = `{\n  ${JSON.stringify(key)}: [\n${text}`
    else {
      onFirstWrite()
      await flush(`,\n${text}`)
    }
    count += rows.length
    if (output.isClosed) return count
  }
  onFirstWrite()
  const close = count === 0 ? `{\n  ${JSON.stringify(key)}: []` : '\n  ]'
  await flush(`${close},\n  "count": ${count}\n}\n`)
  return count
}

function indented(row: unknown): string {
  return JSON.stringify(row, null, 2).replace(/^/gm, '    ')
}

function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
