import type {StatusFrame, StatusResult} from '../../commands/status.js'
import {UsageError} from '../errors.js'
import type {OutputStream} from '../ports/streams.js'
import {daemonStatusText} from './daemon-text.js'
import {openLiveView} from './live-view.js'
import {sanitizeLine} from './sanitize.js'
import {statusText} from './status-text.js'
import {paint, type Terminal} from './terminal.js'

/** Where `agnes status --watch` shows its frames; a UsageError (code `not_a_terminal`) anywhere else. */
export function showStatus(out: OutputStream, isJson: boolean) {
  if (!out.isTty || isJson)
    throw new UsageError('--watch draws on a terminal; this is none.', {
      code: 'not_a_terminal',
      hint: 'For a program ask again and again: agnes daemon status --json',
    })
  const view = openLiveView(out)
  const {isTty, hasColor} = out
  return {
    show: (frame: StatusFrame<StatusResult>) =>
      view.draw(watchText(frame, {isTty, hasColor, columns: out.columns})),
    close: () => view.close(),
  }
}

export function watchText(frame: StatusFrame<StatusResult>, terminal: Terminal): string {
  const end = paint(terminal, 'dim', 'Ctrl-C ends it.')
  if (frame.kind === 'daemon')
    return `${daemonStatusText({isRunning: true, daemon: frame.daemon}, terminal)}\n\n${end}`
  const why = frame.why === null ? 'No daemon is running.' : sanitizeLine(frame.why)
  return `${statusText(frame.own, terminal).trimEnd()}\n\n${why}\n${end}`
}
