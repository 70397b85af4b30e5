// Writes oclif.manifest.json of the package in the folder it is run in, from the commands in its dist/:
// what `oclif manifest` does, without the 183 packages that come with that command.
import {writeFileSync} from 'node:fs'
import {Plugin} from '@oclif/core'

const plugin = new Plugin({
  errorOnManifestCreate: true,
  ignoreManifest: true,
  respectNoCacheDefault: true,
  root: process.cwd(),
  type: 'core',
})
await plugin.load()
writeFileSync('oclif.manifest.json', JSON.stringify(plugin.manifest, null, 2))
