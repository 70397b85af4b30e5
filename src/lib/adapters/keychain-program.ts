/**
 * The keychain process's program, as text: it runs the same from the bundle and from source
 * (docs/decisions/0801-keychain-in-a-child-process.md).
 *
 * Argument: the file of `keytar`. In, one JSON document on stdin: `{action, service, account, value}`.
 * Out, one on stdout: `{value}` or `{failure}`.
 */
export const keychainProgram = `'use strict'
let text = ''
process.stdin.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', answer)

async function answer() {
  let document
  try {
    document = {value: await act(JSON.parse(text), require(process.argv[1]))}
  } catch (error) {
    document = {failure: String((error && error.message) || error)}
  }
  process.stdout.write(JSON.stringify(document))
}

async function act({action, service, account, value}, keytar) {
  if (action === 'get') return keytar.getPassword(service, account)
  if (action === 'set') return void (await keytar.setPassword(service, account, value))
  if (action === 'delete') return keytar.deletePassword(service, account)
  await keytar.setPassword(service, account, value)
  const found = await keytar.getPassword(service, account)
  await keytar.deletePassword(service, account)
  if (found !== value) throw new Error('what was written could not be read back')
}
`
