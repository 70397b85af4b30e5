import {PassThrough} from 'node:stream'
import {describe, expect, it} from 'vitest'
import {promptSecret, readAll} from '../../../src/lib/credentials/prompt-secret.js'
import {MemoryOutput} from '../../support/memory-streams.js'

function terminal() {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => void modes.push(isRaw),
  })
  return {modes, in: input, out: new MemoryOutput(true), err: new MemoryOutput(true)}
}

const never = new AbortController().signal

describe('promptSecret', () => {
  it.each([
    ['abc\r', 'abc'],
    ['abc\n', 'abc'],
    ['abX\u007Fc\r', 'abc'],
    ['\u007F\u007Fabc\r', 'abc'],
    ['abc\u0004', 'abc'],
  ])('reads %j as %j without showing it', async (typed, secret) => {
    const streams = terminal()
    const answer = promptSecret(streams, 'Token: ', never)
    for (const key of typed) streams.in.write(key)
    expect(await answer).toBe(secret)
    expect(streams.err.text).toBe('Token: \n')
    expect(streams.out.text).toBe('')
    expect(streams.modes).toEqual([true, false])
  })

  it('leaves what was pasted behind the line to the next question', async () => {
    const streams = terminal()
    const first = promptSecret(streams, 'Password: ', never)
    streams.in.write('příliš\rdlouhé\r')
    expect(await first).toBe('příliš')
    expect(await promptSecret(streams, 'Again: ', never)).toBe('dlouhé')
  })

  it('ends with 130 on Ctrl-C and gives the terminal back', async () => {
    const streams = terminal()
    const answer = promptSecret(streams, 'Token: ', never)
    streams.in.write('ab\u0003')
    await expect(answer).rejects.toMatchObject({exitCode: 130})
    expect(streams.modes).toEqual([true, false])
  })

  it('gives the terminal back when it is aborted', async () => {
    const streams = terminal()
    const controller = new AbortController()
    const answer = promptSecret(streams, 'Token: ', controller.signal)
    controller.abort(new Error('stop'))
    await expect(answer).rejects.toThrow('stop')
    expect(streams.modes).toEqual([true, false])
  })
})

describe('readAll', () => {
  it('reads to the end, characters split between chunks included', async () => {
    const input = new PassThrough()
    const bytes = Buffer.from('klíč\n')
    for (const byte of bytes) input.write(Buffer.from([byte]))
    input.end()
    expect(await readAll(input, never)).toBe('klíč\n')
  })

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController()
    const reading = readAll(new PassThrough(), controller.signal)
    controller.abort(new Error('stop'))
    await expect(reading).rejects.toThrow('stop')
  })
})
