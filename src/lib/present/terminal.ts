/** What a presenter may know about where its text goes. */
export interface Terminal {
  isTty: boolean
  hasColor: boolean
  columns: number
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

/** Colours `text` where the terminal shows colour. */
export function paint(terminal: Pick<Terminal, 'hasColor'>, style: Style, text: string): string {
  if (!terminal.hasColor) return text
  const [on, off] = CODES[style]
  return `\u001B[${on}m${text}\u001B[${off}m`
}
