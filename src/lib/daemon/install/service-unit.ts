/** How each system is told to start the daemon with every sign-in: pure. */

export interface UnitFacts {
  platform: string
  /** Absolute paths. */
  node: string
  script: string
  configDir: string
  home: string
  /** `$XDG_CONFIG_HOME`; `undefined` for the usual place. */
  xdgConfigHome: string | undefined
  /** Name and number of the user. */
  user: string
  uid: number
}

type CommandLine = readonly [program: string, ...args: string[]]

export interface ServiceUnit {
  kind: 'systemd user unit' | 'launchd agent' | 'scheduled task'
  /** Absolute. */
  path: string
  /** Relative to the package. */
  template: string
  /** For the template's `{{names}}`, escaped for its format. */
  values: Readonly<Record<string, string>>
  encoding: 'utf8' | 'utf16le'
  /** Run in order; the first that fails ends the installation. */
  enable: readonly CommandLine[]
  /** Run in order; failures are passed over, for it may not be enabled. */
  disable: readonly CommandLine[]
}

const NAME = 'agnes-daemon'

/** `undefined` where no way is known. */
export function serviceUnit(facts: UnitFacts): ServiceUnit | undefined {
  if (facts.platform === 'linux') return systemdUnit(facts)
  if (facts.platform === 'darwin') return launchdAgent(facts)
  if (facts.platform === 'win32') return scheduledTask(facts)
  return undefined
}

function systemdUnit({node, script, configDir, home, xdgConfigHome}: UnitFacts): ServiceUnit {
  const unit = `${NAME}.service`
  return {
    kind: 'systemd user unit',
    path: `${xdgConfigHome ?? `${home}/.config`}/systemd/user/${unit}`,
    template: `templates/daemon/${unit}`,
    values: {
      node: systemdWord(node),
      script: systemdWord(script),
      configDir: systemdWord(`AGNES_CONFIG_DIR=${configDir}`, false),
    },
    encoding: 'utf8',
    enable: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', '--now', unit],
    ],
    disable: [['systemctl', '--user', 'disable', '--now', unit]],
  }
}

function launchdAgent({node, script, configDir, home, uid}: UnitFacts): ServiceUnit {
  const path = `${home}/Library/LaunchAgents/${NAME}.plist`
  return {
    kind: 'launchd agent',
    path,
    template: `templates/daemon/${NAME}.plist`,
    values: {node: xml(node), script: xml(script), configDir: xml(configDir)},
    encoding: 'utf8',
    enable: [['launchctl', 'bootstrap', `gui/${uid}`, path]],
    disable: [['launchctl', 'bootout', `gui/${uid}/${NAME}`]],
  }
}

function scheduledTask({node, script, configDir, user}: UnitFacts): ServiceUnit {
  const path = `${configDir}\\${NAME}.xml`
  return {
    kind: 'scheduled task',
    path,
    template: `templates/daemon/${NAME}.xml`,
    values: {node: xml(node), script: xml(script), configDir: xml(configDir), user: xml(user)},
    encoding: 'utf16le',
    enable: [
      ['schtasks', '/Create', '/F', '/TN', NAME, '/XML', path],
      ['schtasks', '/Run', '/TN', NAME],
    ],
    disable: [
      ['schtasks', '/End', '/TN', NAME],
      ['schtasks', '/Delete', '/F', '/TN', NAME],
    ],
  }
}

/** Quoted, with specifiers (%) and, in a command line, variables ($) taken literally. */
function systemdWord(text: string, isCommand = true): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')
  return `"${isCommand ? escaped.replaceAll('$', '$$$$') : escaped}"`
}

function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
