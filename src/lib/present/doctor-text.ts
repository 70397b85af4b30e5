import type {DoctorReport} from '../doctor/see-doctor.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

const MARKS = {ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: 'skip'}
const COLORS = {ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim'} as const
const WHO = {you: 'you', admin: 'your administrator', agnes: 'agnes doctor --fix'}

export function doctorText({checks, fixed}: DoctorReport, terminal: Terminal): string {
  if (!terminal.isTty)
    return checks
      .map(({id, state, who, message, mend}) => [id, state, who, message, mend ?? ''])
      .map((row) => row.map(sanitizeLine).join('\t'))
      .join('\n')
  const lines = fixed.map(({command, error}) =>
    error === null ? `Ran ${command}.` : `${command} did not work: ${error}`,
  )
  for (const {title, state, message, who, mend} of checks) {
    const mark = paint(terminal, COLORS[state], MARKS[state])
    lines.push(`${mark}  ${title.padEnd(20)}${sanitizeLine(message)}`)
    if (mend !== null) lines.push(`      ${WHO[who]}: ${sanitizeLine(mend)}`)
  }
  return lines.join('\n')
}
