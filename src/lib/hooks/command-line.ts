/**
 * Our command as a hook's shell sees it: a POSIX shell everywhere, which on Windows is Git's own. Node
 * and the script by their full paths first, because a client started from a desktop has another PATH
 * than the terminal; by name second, for settings that came here from another computer.
 * @param command as in a definition: `agnes pull --quiet || true`
 */
export function hookCommand(launcher: {node: string; script: string}, command: string): string {
  const verb = command.replace(/^agnes | \|\| true$/g, '')
  return `${quoted(launcher.node)} ${quoted(launcher.script)} ${verb} || agnes ${verb} || true`
}

/** Windows paths with forward slashes, which need no escape and work there as well. */
function quoted(path: string): string {
  const slashed = /^[a-z]:\\|^\\\\/i.test(path) ? path.replaceAll('\\', '/') : path
  return `"${slashed.replace(/["\\$`]/g, '\\$&')}"`
}
