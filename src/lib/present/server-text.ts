import type {ServerEntry} from '../servers/manage-servers.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** In a pipe: name, address, `default` or nothing, who is signed in, number of workspaces. */
export function serversText(
  {servers}: {servers: readonly ServerEntry[]},
  terminal: Terminal,
): string {
  if (!terminal.isTty)
    return servers
      .map(({name, url, isDefault, email, credentialStore, workspaces}) =>
        [
          name ?? '',
          url,
          isDefault ? 'default' : '',
          email ?? credentialStore ?? '',
          `${workspaces}`,
        ]
          .map(sanitizeLine)
          .join('\t'),
      )
      .join('\n')
  if (servers.length === 0) return 'No server is known yet. Add one: agnes server add URL'
  const head = ['', 'NAME', 'ADDRESS', 'SIGNED IN', 'WORKSPACES'].map((title) =>
    paint(terminal, 'bold', title),
  )
  const lines = servers.map((server) => [
    server.isDefault ? '*' : ' ',
    sanitizeLine(server.name ?? '-'),
    server.url,
    signedInText(server),
    String(server.workspaces),
  ])
  return [...alignColumns([head, ...lines], {right: [4]}), '* the default'].join('\n')
}

function signedInText({credentialStore, email, problem}: ServerEntry): string {
  if (problem !== null) return `unknown: ${sanitizeLine(problem)}`
  if (credentialStore === null) return 'no'
  return sanitizeLine(email === null ? `yes (${credentialStore})` : `${email} (${credentialStore})`)
}
