import {appendFile} from 'node:fs/promises'
import {expect, it} from 'vitest'
import {createContext, withOverrides} from '../../../src/lib/context.js'
import {readEnv} from '../../../src/lib/config/env.js'
import {pushState} from '../../../src/lib/push/last-push.js'
import {openPlace} from '../../../src/lib/push/open-place.js'
import {pushStage, type PushStage} from './push-stage.js'

/** Whether the next start of a session begins a push. */
async function isDue({env, root}: PushStage): Promise<boolean> {
  const overrides = {env: readEnv({...env, AGNES_NO_KEYCHAIN: '1'})}
  const context = await withOverrides(overrides, async () => createContext())
  return (await pushState(await openPlace(context, root))).isDue
}

it('nothing is due after a push that left nothing to do', async () => {
  const stage = await pushStage()
  await stage.addSession('one')
  expect(await isDue(stage)).toBe(true)
  await stage.run(['push'])
  expect(await isDue(stage)).toBe(false)
  expect(await stage.run(['push', '--json'])).toMatchObject({json: {skipped: {unchanged: 1}}})
  expect(await isDue(stage)).toBe(false)
})

it.each<[string, (stage: PushStage, path: string) => Promise<unknown>]>([
  ['a session came', (stage) => stage.addSession('two')],
  ['a session went on', (_stage, path) => appendFile(path, '{"type":"user"}\n')],
  ['notes were written', ({write}) => write('.claude/CLAUDE.local.md', 'notes')],
])('a push is due again where %s while the last one sent', async (_what, happens) => {
  let during = async (): Promise<unknown> => undefined
  const stage = await pushStage({whenAsked: async () => void (await during())})
  const path = await stage.addSession('one')
  during = () => happens(stage, path)
  expect((await stage.run(['push'])).exitCode).toBe(0)
  expect(await isDue(stage)).toBe(true)
  during = async () => undefined
  await stage.run(['push'])
  expect(await isDue(stage)).toBe(false)
})
