import {BaseCommand} from '../lib/base-command.js'

export interface VersionResult {
  name: string
  /** Of this CLI, such as `1.2.3`; server versions are compared with something else. */
  version: string
  /** Node's own, such as `v20.19.0`. */
  node: string
  /** `linux-x64` and the like. */
  platform: string
}

export default class Version extends BaseCommand<VersionResult> {
  static override summary = 'Show the version of agnes, Node and the platform'
  static override examples = ['<%= config.bin %> --version', '<%= config.bin %> version --json']

  async run(): Promise<VersionResult> {
    await this.parse(Version)
    const result = {
      name: 'agnes-cli',
      version: this.context.version,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    }
    await this.present(
      result,
      ({name, version, node, platform}) => `${name}/${version} ${platform} node-${node}`,
    )
    return result
  }
}
