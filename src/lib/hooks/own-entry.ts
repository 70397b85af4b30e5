/**
 * A command that some version of `agnes` (ours or the reference client's) put into a hook: it is what
 * runs, not a word that another program is given.
 */
const OWN =
  /^(?:(?:\S*[\\/])?(?:agnes (?:pull|push|self-upgrade|update|refresh-marketplace|capture-session)|da sync)(?![\w-])|(?:\S*[\\/])?python[\d.]* (?:\S*[\\/])?collect_session\.py(?: |$))/

/**
 * What this version writes (command-line.ts): Node and our script by their full paths, then the same
 * verb by name. Paths may hold anything, so the form is matched as a whole.
 */
const TODAY =
  /^"(?:[^"\\]|\\.)+" "(?:[^"\\]|\\.)+\/bin\/run\.js" (pull --quiet|push --quiet|statusline) \|\| agnes \1 \|\| true$/

/** Shell text that does nothing of its own around such a command. */
const GLUE =
  /^(?:true|:|then|else|fi|do|done|wait|disown.*|exit \d+|cd .*|command -v .*|if command -v .*|\[ .*\]|test .*)$/

/**
 * True when an entry of `hooks.<event>` does nothing but run `agnes`: each of its commands is ours, and
 * so is each part of a command that chains several. In doubt it is somebody else's.
 */
export function isOwnEntry(entry: unknown): boolean {
  if (!isRecord(entry) || !Array.isArray(entry.hooks) || entry.hooks.length === 0) return false
  return entry.hooks.every(
    (hook: unknown) =>
      isRecord(hook) && typeof hook.command === 'string' && isOwnCommand(hook.command),
  )
}

/** True for a `statusLine` member that runs ours and nothing else. */
export function isOwnStatusLine(value: unknown): boolean {
  if (!isRecord(value) || typeof value.command !== 'string') return false
  const {command} = value
  return (
    TODAY.test(command) || /^(?:\S*[\\/])?agnes statusline(?: \|\| true)?$/.test(command.trim())
  )
}

function isOwnCommand(command: string): boolean {
  if (TODAY.test(command)) return true
  const parts = command
    // Redirections first: their `&` is not a separator.
    .replace(/\d*[<>]{1,2}&?\s*(?:\d|-|"[^"]*"|'[^']*'|[^\s;&|()"']+)|&>{1,2}\s*\S+/g, ' ')
    .split(/&&|\|\||[;&|\n(){}]/)
    .map(bareCommand)
    .filter((part) => part !== '' && !GLUE.test(part))
  return parts.length > 0 && parts.every((part) => OWN.test(part) && !/[$`]\(|`/.test(part))
}

/** Without quotes, wrappers and shell keywords in front. */
function bareCommand(part: string): string {
  const words = part.replace(/["']/g, ' ').trim().replace(/\s+/g, ' ')
  return words.replace(
    /^(?:(?:(?:\S*\/)?(?:bash|sh|zsh)(?: -\w+)*|nohup|setsid|exec|then|else|do|env|[A-Z_][A-Z0-9_]*=\S*)(?: |$))+/,
    '',
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
