import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

/** Stands in for `claude plugin`: keeps what is installed in a file and logs its arguments. */
const STUB = `#!/usr/bin/env node
const fs = require('node:fs')
const path = require('node:path')
const args = process.argv.slice(3)
const file = path.join(__dirname, 'state.json')
const state = JSON.parse(fs.readFileSync(file, 'utf8'))
fs.appendFileSync(path.join(__dirname, 'log'), args.join(' ') + '\\n')
const [verb, id] = args
const offered = () => {
  const manifest = JSON.parse(fs.readFileSync(path.join(state.path, '.claude-plugin/marketplace.json'), 'utf8'))
  return manifest.plugins.find(({name}) => name + '@agnes' === id)
}
if (state.broken === id) { console.error('it will not'); process.exit(1) }
if (verb === 'list') console.log(JSON.stringify(state.plugins))
else if (verb === 'marketplace' && id === 'list') console.log(JSON.stringify(state.path ? [{name: 'agnes', path: state.path}] : []))
else if (verb === 'marketplace' && id === 'add') state.path = args[2]
else if (verb === 'install' || verb === 'update') {
  const others = state.plugins.filter((plugin) => plugin.id !== id)
  const {version, source} = offered()
  if (!fs.existsSync(path.join(state.path, source))) throw new Error('no files')
  state.plugins = [...others, {id, version, scope: args[3], enabled: state.off !== id, projectPath: process.cwd()}]
} else if (verb === 'uninstall') state.plugins = state.plugins.filter((plugin) => plugin.id !== id)
fs.writeFileSync(file, JSON.stringify(state))
`

/** Puts `claude` into `bin`, with nothing installed; beside it `state.json`, and `log`: a call a line. */
export async function installClaudeStub(bin: string): Promise<void> {
  await mkdir(bin, {recursive: true})
  await writeFile(join(bin, 'claude'), STUB)
  await chmod(join(bin, 'claude'), 0o755)
  await writeFile(join(bin, 'state.json'), '{"plugins": []}')
  await writeFile(join(bin, 'log'), '')
}
