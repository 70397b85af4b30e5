import {describe, expect, it} from 'vitest'
import {openProgress, plainProgress} from '../../../src/lib/present/progress.js'
import {ProgressSums} from '../../../src/lib/present/progress-sums.js'
import {FakeClock} from '../../support/fake-clock.js'
import {MemoryOutput} from '../../support/memory-streams.js'

const MIB = 1_048_576

describe('plainProgress', () => {
  const begin = (totalBytes: number) => {
    const [err, clock] = [new MemoryOutput(false), new FakeClock()]
    const {onProgress} = plainProgress(err, clock)
    onProgress({kind: 'plan', items: 1, totalBytes})
    onProgress({kind: 'start', id: 'a', title: 'a', totalBytes})
    const advance = (doneBytes: number) => onProgress({kind: 'advance', id: 'a', doneBytes})
    return {clock, advance, lines: () => err.text.split('\n').slice(0, -1)}
  }

  it('writes a line per 10 %', () => {
    const {advance, lines} = begin(100 * MIB)
    for (let done = 1; done <= 100; done++) advance(done * MIB)
    expect(lines()).toHaveLength(10)
    expect(lines().at(-1)).toBe('100 % (104.9 MB of 104.9 MB): a')
  })

  it('is quiet about less than a mebibyte', () => {
    const {advance, lines} = begin(MIB)
    for (let done = 1; done < 10; done++) advance((done * MIB) / 10)
    expect(lines()).toEqual([])
  })

  it('writes a line per 5 s of slow progress, none when nothing moves', async () => {
    const {advance, clock, lines} = begin(1000 * MIB)
    advance(1)
    await clock.advance(5000)
    advance(2)
    await clock.advance(5000)
    advance(2)
    expect(lines()).toHaveLength(1)
  })
})

describe('ProgressSums', () => {
  it('never passes 100 %, whatever arrives', () => {
    const sums = new ProgressSums()
    sums.add({kind: 'start', id: 'a', title: 'a', totalBytes: 10})
    const totals = sums.add({kind: 'advance', id: 'a', doneBytes: 17})
    expect([totals.doneBytes, totals.bytes]).toEqual([10, 10])
  })

  it('takes back what a retry gives up', () => {
    const sums = new ProgressSums()
    sums.add({kind: 'start', id: 'a', title: 'a', totalBytes: 10})
    sums.add({kind: 'advance', id: 'a', doneBytes: 9})
    expect(sums.add({kind: 'advance', id: 'a', doneBytes: 0}).doneBytes).toBe(0)
  })
})

describe('openProgress', () => {
  it('draws on the stream it is given and cleans up', async () => {
    const err = new MemoryOutput(true)
    const progress = openProgress(err, new FakeClock(), 'live')
    progress.onProgress({kind: 'plan', items: 1, totalBytes: 10})
    progress.onProgress({kind: 'start', id: 'orders', title: 'orders', totalBytes: 10})
    await progress.close()
    await progress.close()
    expect(err.text).toContain('\u001B[?25h')
  })

  it('says nothing when it is off', async () => {
    const err = new MemoryOutput(true)
    const progress = openProgress(err, new FakeClock(), 'off')
    progress.onProgress({kind: 'start', id: 'a', title: 'a', totalBytes: 1})
    await progress.close()
    expect(err.text).toBe('')
  })
})
