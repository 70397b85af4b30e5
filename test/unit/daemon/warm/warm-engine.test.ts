import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../../src/lib/adapters/system-random.js'
import {answerQueries} from '../../../../src/lib/daemon/warm/answer-queries.js'
import {askDaemon} from '../../../../src/lib/daemon/client/ask-daemon.js'
import {runDaemon} from '../../../../src/lib/daemon/run-daemon.js'
import {WarmEngine} from '../../../../src/lib/daemon/warm/warm-engine.js'
import type {ControlSocket} from '../../../../src/lib/ports/control-socket.js'
import {FakeClock} from '../../../support/fake-clock.js'
import {daemonWorld} from '../daemon-world.js'

const never = new AbortController().signal

const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

/** The daemon's part: jobs last until they are told to end. */
function world() {
  const clock = new FakeClock()
  const state = {isWanted: true, starts: 0, isRunning: false, exitCode: 0, end: () => {}}
  const jobs = {
    async run(argv: readonly string[], _options: unknown, signal: AbortSignal) {
      expect(argv).toEqual(['daemon', 'engine'])
      state.starts++
      state.isRunning = true
      await new Promise<void>((resolve) => {
        state.end = resolve
        signal.addEventListener('abort', () => resolve(), {once: true})
      })
      state.isRunning = false
      return {exitCode: state.exitCode, document: {}}
    },
  }
  const config = new NodeFiles('/config', systemRandom)
  const engine = new WarmEngine({clock, jobs, config, isWanted: () => state.isWanted})
  const stop = new AbortController()
  const served = engine.serve(stop.signal).then(
    () => 'ended',
    (error: {code?: string}) => (stop.signal.aborted ? 'stopped' : error.code),
  )
  return {clock, state, engine, stop, served}
}

describe('the process that answers queries', () => {
  it('is started a moment after somebody asked, once, and again after it ended', async () => {
    const {clock, state, engine, stop, served} = world()
    await settled()
    expect(state.starts).toBe(0)
    expect([engine.wake(), engine.wake()]).toEqual([true, true])
    await settled()
    expect(state.starts).toBe(0)
    await clock.advance(1000)
    await settled()
    expect(state.starts).toBe(1)
    engine.wake()
    state.end()
    await settled()
    await clock.advance(10_000)
    expect(state.starts).toBe(1)
    engine.wake()
    await settled()
    await clock.advance(1000)
    await settled()
    expect(state.starts).toBe(2)
    stop.abort()
    expect(await served).toBe('stopped')
    expect(state.isRunning).toBe(false)
  })

  it('is not started, and ended, where config.yaml does not want it', async () => {
    const {clock, state, engine, stop} = world()
    state.isWanted = false
    expect(engine.wake()).toBe(false)
    await settled()
    await clock.advance(5000)
    expect(state.starts).toBe(0)
    state.isWanted = true
    engine.wake()
    await settled()
    await clock.advance(1000)
    await settled()
    engine.follow()
    await settled()
    expect(state.isRunning).toBe(true)
    state.isWanted = false
    engine.follow()
    await settled()
    expect(state.isRunning).toBe(false)
    stop.abort()
  })

  it('is told of as a failure when it fails', async () => {
    const {clock, state, engine, served} = world()
    engine.wake()
    await settled()
    await clock.advance(1000)
    await settled()
    state.exitCode = 1
    state.end()
    expect(await served).toBe('engine_failed')
  })
})

describe('the daemon that is asked for it', () => {
  it('starts it', async () => {
    const world = await daemonWorld([])
    expect(await askDaemon(world.socket, {op: 'warm'}, never)).toEqual({isWanted: true})
    await settled()
    await world.clock.advance(1000)
    await settled()
    expect(world.jobs).toMatchObject([{argv: ['daemon', 'engine'], folder: world.config.root}])
  })

  it('starts it for whoever asks as soon as there is a socket', async () => {
    const {deps, stop, clock, jobs} = await daemonWorld([])
    await stop()
    const end = new AbortController()
    const early: ControlSocket = {
      ...deps.socket,
      async listen(handler) {
        await handler({op: 'warm'}, never)
        return deps.socket.listen(handler)
      },
    }
    let ended = Promise.resolve()
    await new Promise<void>((onReady) => {
      ended = runDaemon({...deps, socket: early, onReady}, end.signal)
    })
    await settled()
    await clock.advance(1000)
    await settled()
    expect(jobs).toMatchObject([{argv: ['daemon', 'engine']}])
    end.abort()
    await ended
  })

  it('does not where the settings say so', async () => {
    const world = await daemonWorld([], {warm_queries: false})
    expect(await askDaemon(world.socket, {op: 'warm'}, never)).toEqual({isWanted: false})
    await world.pass(60_000)
    expect(world.jobs).toEqual([])
  })
})

describe('answering queries', () => {
  const listening = () => {
    const listener = {
      ...{answered: 0, isBusy: false, isSpent: false, isClosed: false},
      async close() {
        listener.isClosed = true
      },
    }
    const clock = new FakeClock()
    const stop = new AbortController()
    const ended = answerQueries(listener, clock, stop.signal)
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 5000) {
        await clock.advance(5000)
        await settled()
      }
    }
    return {listener, stop, ended, pass}
  }

  it('ends when nobody has asked for five minutes', async () => {
    const {listener, ended, pass} = listening()
    await pass(280_000)
    listener.answered = 3
    await pass(280_000)
    listener.isBusy = true
    await pass(3_600_000)
    expect(listener.isClosed).toBe(false)
    listener.isBusy = false
    await pass(310_000)
    expect(listener.isClosed).toBe(true)
    expect(await ended).toEqual({answered: 3})
  })

  it('ends when it is spent, but not in the middle of a query', async () => {
    const {listener, ended, pass} = listening()
    Object.assign(listener, {isBusy: true, isSpent: true})
    await pass(20_000)
    expect(listener.isClosed).toBe(false)
    listener.isBusy = false
    await pass(5000)
    expect(await ended).toEqual({answered: 0})
  })

  it('hangs up at once when it is told to stop', async () => {
    const {listener, stop, ended} = listening()
    await settled()
    stop.abort()
    expect(listener.isClosed).toBe(true)
    expect(await ended).toEqual({answered: 0})
  })
})
