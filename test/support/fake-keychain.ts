import type {KeychainCommand} from '../../src/lib/adapters/os-keychain.js'
import {tempDir} from './temp-dir.js'

/** How a scripted keychain behaves; each but the first can be met on a real computer. */
export type KeychainMood =
  | 'works'
  /** Takes the question and never answers. */
  | 'hangs'
  /** Answers with the words of a locked keyring. */
  | 'locked'
  /** Finds nothing without unlocking, refuses to write. */
  | 'locked when written'
  | 'ends without a word'
  | 'answers nonsense'
  | 'never reads'

const program = `
const {readFileSync, rmSync, writeFileSync} = require('node:fs')
const [folder, mood] = process.argv.slice(1)
const say = (document) => process.stdout.write(JSON.stringify(document))
const path = ({service, account}) => folder + '/' + encodeURIComponent(service + ' ' + account)
const read = (request) => { try { return readFileSync(path(request), 'utf8') } catch { return null } }
const acts = {
  get: read,
  set(request) { writeFileSync(path(request), request.value) },
  delete(request) { const had = read(request) !== null; rmSync(path(request), {force: true}); return had },
  probe() {},
}
if (mood === 'ends without a word') process.exit(1)
if (mood === 'never reads') setInterval(() => {}, 1000)
else {
  let text = ''
  process.stdin.on('data', (chunk) => (text += chunk)).on('end', () => {
    const request = JSON.parse(text)
    if (mood === 'hangs') setInterval(() => {}, 1000)
    else if (mood === 'answers nonsense') process.stdout.write('<html>')
    else if (mood === 'locked' || (mood === 'locked when written' && request.action !== 'get'))
      say({failure: 'Cannot create an item in a locked collection'})
    else say({value: acts[request.action](request)})
  })
}
`

/** A process that speaks the protocol of the keychain, over a folder of its own. */
export async function fakeKeychain(mood: KeychainMood): Promise<KeychainCommand> {
  return {program: process.execPath, args: ['-e', program, await tempDir(), mood]}
}
