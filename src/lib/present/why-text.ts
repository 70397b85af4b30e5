import type {WhyResult, WhyStep} from '../why/why-model.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** The chain and what would change it; in a pipe a line each: step, state, sentence, command, who types it. */
export function whyText({summary, steps, server}: WhyResult, terminal: Terminal): string {
  if (!terminal.isTty)
    return steps
      .map(({step, state, what, fix, fixBy}) =>
        [step, state, what, fix ?? '', fixBy ?? ''].map(sanitizeLine).join('\t'),
      )
      .join('\n')
  const lines = alignColumns(steps.map(({step, state, what}) => [state, step, sanitizeLine(what)]))
  return [
    paint(terminal, 'bold', sanitizeLine(summary)),
    ...(server === null ? [] : [paint(terminal, 'dim', sanitizeLine(server))]),
    ...lines.flatMap((line, index) => {
      const step = steps[index]!
      return [painted(line, step, terminal), ...fixLines(step, terminal)]
    }),
  ].join('\n')
}

function painted(line: string, {state}: WhyStep, terminal: Terminal): string {
  const style = ({yes: 'green', no: 'red', unknown: 'yellow'} as const)[state]
  return paint(terminal, style, line.slice(0, 7)) + line.slice(7)
}

const WHO = {you: 'Next', administrator: 'An administrator can', them: 'They can'} as const

function fixLines({fix, fixBy}: WhyStep, terminal: Terminal): string[] {
  if (fix === null) return []
  return [`         ${paint(terminal, 'dim', `${WHO[fixBy ?? 'you']}:`)} ${sanitizeLine(fix)}`]
}
