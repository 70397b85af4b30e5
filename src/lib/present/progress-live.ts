import {DefaultRenderer, Listr, ListrLogger, ProcessOutput} from 'listr2'
import type {OutputStream} from '../ports/streams.js'
import {progressText, ProgressSums, type ProgressPrinter} from './progress-sums.js'
import {sanitizeLine} from './sanitize.js'

/** listr2 looks at standard output only and would fall back to printing there; it is told not to look. */
class StreamRenderer extends DefaultRenderer {
  static override nonTTY = true
}

/** A spinner with the sums, redrawn in place by listr2 on the stream it is given, and gone at the end. */
export function liveProgress(err: OutputStream): ProgressPrinter {
  const sums = new ProgressSums()
  let finish: () => void = () => {}
  const done = new Promise<void>((resolve) => (finish = resolve))
  let title = 'Starting'
  let show = (text: string) => void (title = text)
  const list = new Listr(
    [
      {
        title,
        task: (_, task) => {
          show = (text) => void (task.title = text)
          show(title)
          return done
        },
      },
    ],
    {
      renderer: StreamRenderer,
      registerSignalListeners: false,
      rendererOptions: {
        clearOutput: true,
        logger: new ListrLogger({processOutput: new ProcessOutput(writable(err), writable(err))}),
      },
    },
  )
  const running = list.run()
  return {
    onProgress(event) {
      const totals = sums.add(event)
      show(
        event.kind === 'phase' ? sanitizeLine(event.title) : `Downloading ${progressText(totals)}`,
      )
    },
    async close() {
      finish()
      await running
    },
  }
}

/** listr2 patches the streams it is given; it gets these instead of the real ones. */
function writable(err: OutputStream): NodeJS.WriteStream {
  const stream = {
    isTTY: true,
    columns: err.columns,
    rows: 24,
    write: (chunk: string) => {
      void err.write(chunk)
      return true
    },
  }
  return stream as unknown as NodeJS.WriteStream
}
