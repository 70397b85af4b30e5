import {describe, expect, it, onTestFinished} from 'vitest'
import {unixControlSocket} from '../../../../src/lib/adapters/unix-control-socket.js'
import {watchStatus, type StatusFrame} from '../../../../src/lib/daemon/client/watch-status.js'
import {InterruptedError, MissingError} from '../../../../src/lib/errors.js'
import {FakeClock} from '../../../support/fake-clock.js'
import {tempDir} from '../../../support/temp-dir.js'

const status = {pid: 7, version: '1.2.3', startedAt: '', workspaces: [], servers: [], findings: []}

async function watching() {
  const folder = await tempDir()
  const socket = unixControlSocket(folder, folder)
  const clock = new FakeClock()
  const stop = new AbortController()
  const frames: StatusFrame<string>[] = []
  let looks = 0
  const readOwn = async () => `look ${++looks}`
  const show = async (frame: StatusFrame<string>) => void frames.push(frame)
  const ended = watchStatus({clock, socket, readOwn}, show, stop.signal)
  ended.catch(() => undefined)
  return {
    socket,
    frames,
    ended,
    stop,
    async nextFrame() {
      const before = frames.length
      await clock.advance(1000)
      while (frames.length === before) await new Promise((resolve) => setImmediate(resolve))
      return frames.at(-1)
    },
    async firstFrame() {
      while (frames.length === 0) await new Promise((resolve) => setImmediate(resolve))
      while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
      return frames[0]
    },
  }
}

describe('watching the status', () => {
  it('shows the workspace anew each second while no daemon runs, and the daemon once it does', async () => {
    const {socket, firstFrame, nextFrame} = await watching()
    expect(await firstFrame()).toEqual({kind: 'own', own: 'look 1', why: null})
    expect(await nextFrame()).toEqual({kind: 'own', own: 'look 2', why: null})
    const listener = await socket.listen(async () => status)
    expect(await nextFrame()).toEqual({kind: 'daemon', daemon: status})
    await listener.close()
    expect(await nextFrame()).toEqual({kind: 'own', own: 'look 3', why: null})
  })

  it('says why a daemon that runs cannot be asked', async () => {
    const {socket, firstFrame, nextFrame} = await watching()
    await firstFrame()
    const refusal = new MissingError('It is of another time.', {code: 'other'})
    const listener = await socket.listen(() => Promise.reject(refusal))
    onTestFinished(() => listener.close())
    expect(await nextFrame()).toMatchObject({kind: 'own', why: 'It is of another time.'})
  })

  it('ends with the signal, and shows nothing after it', async () => {
    const {ended, stop, frames, firstFrame} = await watching()
    await firstFrame()
    stop.abort(new InterruptedError('SIGINT'))
    await ended
    expect(frames).toHaveLength(1)
  })
})
