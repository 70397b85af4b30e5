import {describe, expect, it} from 'vitest'
import {serveText} from '../../../src/lib/present/serve-text.js'

const facts = {
  url: 'http://127.0.0.1:8642',
  folder: '/srv/data',
  tables: 1,
  adminToken: null,
  analystToken: null,
  analyst: null,
  isNetwork: false,
}
const terminal = {isTty: true, hasColor: false, columns: 80}

describe('serveText', () => {
  it('gives the analyst token to the next command on stdin', () => {
    const text = serveText({...facts, adminToken: 'ADMIN', analystToken: 'ANA'}, terminal)
    expect(text).toContain(
      'echo ANA | agnes init my-analysis --server-url http://127.0.0.1:8642 --token-stdin',
    )
    expect(text).toContain('Admin token, shown this once, only its hash is kept:\n  ADMIN')
  })

  it('says how to sign in when it has no token to show', () => {
    const text = serveText(facts, terminal)
    expect(text).toContain('Serving /srv/data (1 table) at http://127.0.0.1:8642')
    expect(text).toContain('--token-stdin < token.txt')
    expect(text).not.toContain('Admin token')
  })

  it('says how the analyst of a demo signs in by browser', () => {
    const analyst = {email: 'ana@lipa.example', password: 'secret'}
    expect(serveText({...facts, analyst}, terminal)).toContain(
      '(agnes auth login --server-url http://127.0.0.1:8642) as:\n  ana@lipa.example, password secret\n',
    )
    const later = {...facts, analyst: {...analyst, password: null}}
    expect(serveText(later, terminal)).toContain('password as it was set before')
    expect(serveText({...facts, analyst}, {...terminal, isTty: false})).toContain(
      'analystEmail\tana@lipa.example\nanalystPassword\tsecret\n',
    )
    expect(serveText(later, {...terminal, isTty: false})).not.toContain('analystPassword')
  })

  it('warns when other machines can listen', () => {
    expect(serveText({...facts, isNetwork: true}, terminal)).toContain('not encrypted')
  })

  it('is name and value in a pipe', () => {
    expect(serveText({...facts, adminToken: 'A'}, {...terminal, isTty: false})).toBe(
      'url\thttp://127.0.0.1:8642\nfolder\t/srv/data\ntables\t1\nadminToken\tA\n',
    )
  })
})
