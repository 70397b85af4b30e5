import type {OutputStream} from '../ports/streams.js'

const ESC = '\u001B['
/** Another screen, no cursor, no wrapping: a line that is too long is cut by the terminal, whatever its size. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l`
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`
const CLEAR_LINE = `${ESC}K`
const CLEAR_REST = `${ESC}J`
const HOME = `${ESC}H`

export interface LiveView {
  /** Draws in the place of what was there, when it or the terminal's size has changed. */
  draw(text: string): Promise<void>
  /** Gives the terminal back as it was. May be called twice. */
  close(): Promise<void>
}

/** @param out a terminal */
export function openLiveView(out: OutputStream): LiveView {
  let drawn: string | undefined
  let isOpen = true
  return {
    async draw(text) {
      const mark = `${out.columns} ${out.rows} ${text}`
      if (mark === drawn || !isOpen) return
      const start = drawn === undefined ? ENTER : ''
      drawn = mark
      await out.write(`${start}${HOME}${fit(text, out.rows ?? 24)}${CLEAR_REST}`)
    },
    async close() {
      if (isOpen && drawn !== undefined) await out.write(LEAVE)
      isOpen = false
    },
  }
}

/** The lines that fit, and how many do not. */
function fit(text: string, rows: number): string {
  const lines = text.replace(/\n$/, '').split('\n')
  const room = Math.max(rows, 2)
  const shown =
    lines.length <= room
      ? lines
      : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more line(s)`]
  return shown.map((line) => line + CLEAR_LINE).join('\r\n')
}
