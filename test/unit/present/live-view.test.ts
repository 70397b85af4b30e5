import {describe, expect, it} from 'vitest'
import {openLiveView} from '../../../src/lib/present/live-view.js'
import {MemoryOutput} from '../../support/memory-streams.js'

class Screen extends MemoryOutput {
  override columns = 80
  override rows = 5
  private seen = 0

  constructor() {
    super(true)
  }

  /** What was written since the last call. */
  get news(): string {
    const {text} = this
    const news = text.slice(this.seen)
    this.seen = text.length
    return news
  }
}

describe('a live view', () => {
  it('goes to a screen of its own and comes back', async () => {
    const screen = new Screen()
    const view = openLiveView(screen)
    await view.draw('one\ntwo\n')
    expect(screen.news).toBe(
      '\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[Hone\u001B[K\r\ntwo\u001B[K\u001B[J',
    )
    await view.close()
    expect(screen.news).toBe('\u001B[?7h\u001B[?25h\u001B[?1049l')
    await view.close()
    await view.draw('late')
    expect(screen.news).toBe('')
  })

  it('touches the terminal only when something has changed', async () => {
    const screen = new Screen()
    const view = openLiveView(screen)
    await view.draw('one')
    expect(screen.news).not.toBe('')
    await view.draw('one')
    expect(screen.news).toBe('')
    await view.draw('two')
    expect(screen.news).toBe('\u001B[Htwo\u001B[K\u001B[J')
    screen.columns = 40
    await view.draw('two')
    expect(screen.news).toBe('\u001B[Htwo\u001B[K\u001B[J')
  })

  it.each([
    [5, ['1', '2', '3', '4', '… 3 more line(s)']],
    [7, ['1', '2', '3', '4', '5', '6', '7']],
    [1, ['1', '… 6 more line(s)']],
  ])('never scrolls a terminal of %i lines', async (rows, lines) => {
    const screen = new Screen()
    screen.rows = rows
    await openLiveView(screen).draw('1\n2\n3\n4\n5\n6\n7\n')
    expect(screen.news.split('\u001B[H')[1]).toBe(
      lines.map((line) => `${line}\u001B[K`).join('\r\n') + '\u001B[J',
    )
  })

  it('leaves a terminal alone that it never drew on', async () => {
    const screen = new Screen()
    await openLiveView(screen).close()
    expect(screen.text).toBe('')
  })
})
