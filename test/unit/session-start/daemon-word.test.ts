import {describe, expect, it, onTestFinished} from 'vitest'
import {unixControlSocket} from '../../../src/lib/adapters/unix-control-socket.js'
import {askForWord} from '../../../src/lib/session-start/daemon-word.js'
import {tempDir} from '../../support/temp-dir.js'

const never = new AbortController().signal
const at = '2026-01-31T12:00:00.000Z'
const workspace = {path: '/w', server: 'https://a.example', state: {kind: 'idle'}, freshAt: at}

/** What is heard from a daemon that answers so. */
async function wordOf(answer: () => Promise<unknown>, patienceMs = 60_000) {
  const folder = await tempDir()
  const socket = unixControlSocket(folder, folder)
  const listener = await socket.listen(answer)
  onTestFinished(() => listener.close())
  return askForWord(socket, {workspace: '/w', patienceMs}, never)
}

describe('the word of the daemon', () => {
  it.each([
    ['fresh', {workspace, isFresh: true}, {kind: 'fresh', server: 'https://a.example', at}],
    [
      'being pulled',
      {workspace: {...workspace, state: {kind: 'pulling', since: at}}, isFresh: false},
      {kind: 'pulling'},
    ],
    ['not known to be fresh', {workspace, isFresh: false}, undefined],
    ['never pulled', {workspace: {...workspace, freshAt: null}, isFresh: true}, undefined],
    ['not kept', {workspace: null, isFresh: false}, undefined],
    ['told of by an older daemon', {workspace}, undefined],
    ['told of in a strange way', {workspace: 7, isFresh: 'yes'}, undefined],
    ['not told of', null, undefined],
  ])('on a workspace that is %s', async (_what, answer, word) => {
    expect(await wordOf(async () => answer)).toEqual(word)
  })

  it('is none where the daemon fails, is silent or does not run', async () => {
    expect(await wordOf(() => Promise.reject(new Error('no')))).toBeUndefined()
    expect(await wordOf(() => new Promise(() => undefined), 30)).toBeUndefined()
    const folder = await tempDir()
    const nobody = unixControlSocket(folder, folder)
    expect(await askForWord(nobody, {workspace: '/w', patienceMs: 60_000}, never)).toBeUndefined()
  })
})
