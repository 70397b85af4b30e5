import type {FastifyInstance, FastifyRequest} from 'fastify'
import {callerOf, type CatalogTable} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'

const MAX_TABLES = 200

/** The text a client puts into CLAUDE.md, for this caller. */
export function registerWelcomeRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  app.get('/api/welcome', async (request: FastifyRequest<{Querystring: {server_url?: string}}>) => {
    const caller = callerOf(request)
    const url = request.query.server_url ?? `http://${request.headers.host ?? ''}`
    const values: Record<string, string> = {
      server_url: plain(url),
      user_name: plain(caller.name),
      user_email: plain(caller.email),
      tables: tableLines(deps.catalog.visible(caller)),
    }
    const content = deps.welcomeTemplate.replace(
      /\{\{(\w+)\}\}/g,
      (mark, name: string) => values[name] ?? mark,
    )
    return {content}
  })
}

function tableLines(tables: readonly CatalogTable[]): string {
  if (tables.length === 0) return '- No table has been granted to you yet.'
  const lines = tables.slice(0, MAX_TABLES).map(({name, queryMode, serverOnly, description}) => {
    const about = description === '' ? '' : `: ${plain(description)}`
    return `- \`${plain(name)}\` (${serverOnly ? 'on the server only' : queryMode})${about}`
  })
  if (tables.length > MAX_TABLES)
    lines.push(`- and ${tables.length - MAX_TABLES} more: \`agnes catalog\``)
  return lines.join('\n')
}

/** One line without anything Markdown or a reader could take for structure. */
function plain(text: string): string {
  return text
    .replace(/[\s`<>]+/g, ' ')
    .trim()
    .slice(0, 300)
}
