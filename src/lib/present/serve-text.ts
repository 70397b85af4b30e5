import {paint, type Terminal} from './terminal.js'

export interface ServeFacts {
  url: string
  folder: string
  tables: number
  adminToken: string | null
  analystToken: string | null
  analyst: {email: string; password: string | null} | null
  isNetwork: boolean
}

/** What to know and to type once the server answers. In a pipe: `name<TAB>value` lines. */
export function serveText(facts: ServeFacts, terminal: Terminal): string {
  if (!terminal.isTty) return pipeText(facts)
  const lines = [
    `${paint(terminal, 'green', 'Serving')} ${facts.folder} (${count(facts.tables)}) at ${paint(terminal, 'bold', facts.url)}`,
  ]
  if (facts.isNetwork)
    lines.push(
      paint(
        terminal,
        'yellow',
        'Other machines can reach this, and the connection is not encrypted.',
      ),
    )
  if (facts.adminToken !== null)
    lines.push('', 'Admin token, shown this once, only its hash is kept:', `  ${facts.adminToken}`)
  if (facts.analystToken !== null) lines.push('', 'Analyst token:', `  ${facts.analystToken}`)
  if (facts.analyst)
    lines.push(
      '',
      `The analyst signs in by browser (agnes auth login --server-url ${facts.url}) as:`,
      `  ${facts.analyst.email}, password ${facts.analyst.password ?? 'as it was set before'}`,
    )
  const token = facts.analystToken ?? facts.adminToken
  lines.push('', 'Next, in another terminal:', `  ${nextCommand(facts.url, token)}`)
  lines.push('', paint(terminal, 'dim', 'Ctrl-C stops the server.'))
  return lines.join('\n') + '\n'
}

/** Tokens travel on stdin, not in the argument list, which every user of the machine can read. */
function nextCommand(url: string, token: string | null): string {
  const command = `agnes init my-analysis --server-url ${url} --token-stdin`
  return token === null ? `${command} < token.txt` : `echo ${token} | ${command}`
}

function pipeText(facts: ServeFacts): string {
  const rows: [string, string][] = [
    ['url', facts.url],
    ['folder', facts.folder],
    ['tables', String(facts.tables)],
  ]
  if (facts.adminToken !== null) rows.push(['adminToken', facts.adminToken])
  if (facts.analystToken !== null) rows.push(['analystToken', facts.analystToken])
  if (facts.analyst) rows.push(['analystEmail', facts.analyst.email])
  if (facts.analyst?.password) rows.push(['analystPassword', facts.analyst.password])
  return rows.map((row) => row.join('\t')).join('\n') + '\n'
}

function count(tables: number): string {
  return tables === 1 ? '1 table' : `${tables} tables`
}
