import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {environmentForOthers} from '../config/env.js'

/** Opens a web address in the person's browser; false where there is none. Never goes through a shell. */
export async function openBrowser(url: string, platform = process.platform): Promise<boolean> {
  const [program, args] = browserCommand(url, platform)
  const child = spawn(program, args, {
    stdio: 'ignore',
    detached: true,
    env: environmentForOthers(),
    windowsHide: true,
  })
  try {
    await once(child, 'spawn')
  } catch {
    // No such program: the address was printed, the person can open it.
    return false
  }
  child.unref()
  return true
}

/** The platform's own opener; the address is one argument of its own. */
export function browserCommand(url: string, platform: NodeJS.Platform): [string, string[]] {
  const address = new URL(url).href
  if (platform === 'darwin') return ['/usr/bin/open', [address]]
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', address]]
  return ['xdg-open', [address]]
}
