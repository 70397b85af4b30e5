import {describe, expect, it} from 'vitest'
import {
  chooseToken,
  cleanToken,
  type TokenInput,
} from '../../../src/lib/credentials/choose-token.js'
import {MemorySecretStore} from '../../support/memory-secret-store.js'

const origin = 'https://a.example'

async function input(changes: Partial<TokenInput> = {}): Promise<TokenInput> {
  const store = new MemorySecretStore()
  await store.set(origin, {token: 'stored', email: ''})
  return {
    origin,
    flag: undefined,
    file: undefined,
    stdin: undefined,
    environment: 'environment',
    stores: [store],
    prompt: async () => 'typed',
    ...changes,
  }
}

describe('chooseToken', () => {
  it.each<[string, Partial<TokenInput>, object]>([
    ['the flag', {flag: 'flag'}, {token: 'flag', source: 'flag', store: null}],
    ['the file', {file: {path: 'f', read: async () => 'file\n'}}, {token: 'file', source: 'file'}],
    ['standard input', {stdin: async () => 'stdin'}, {token: 'stdin', source: 'stdin'}],
    ['AGNES_TOKEN', {}, {token: 'environment', source: 'environment', store: 'environment'}],
    ['the store', {environment: undefined}, {token: 'stored', source: 'stored', store: 'memory'}],
    [
      'a person',
      {environment: undefined, stores: []},
      {token: 'typed', source: 'prompt', store: null},
    ],
  ])('takes it from %s first', async (_name, changes, expected) => {
    expect(await chooseToken(await input(changes))).toMatchObject(expected)
  })

  it('says how to give one when nobody can be asked', async () => {
    const changes = {environment: undefined, stores: [], prompt: undefined}
    await expect(chooseToken(await input(changes))).rejects.toMatchObject({
      exitCode: 7,
      code: 'no_token',
      hint: expect.stringMatching(/--token-stdin.*--token-file.*AGNES_TOKEN/),
    })
  })
})

describe('cleanToken', () => {
  it.each([
    ['\uFEFFabc.def\r\n', 'abc.def'],
    ['  Bearer abc ', 'abc'],
    ['\tabc', 'abc'],
  ])('reads %j as %j', (text, token) => {
    expect(cleanToken(text, 'here')).toBe(token)
  })

  it.each(['', ' \n', 'two words', 'a\nb', 'čaj', 'a\u0000b', '{"token": "x"}'])(
    'refuses %j without repeating it',
    (text) => {
      expect(() => cleanToken(text, 'here')).toThrow(/here/)
      if (text.trim() !== '') expect(() => cleanToken(text, 'here')).not.toThrow(text)
    },
  )
})
