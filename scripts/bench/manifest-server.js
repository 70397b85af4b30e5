// The least server a pull can talk to: a manifest of many tables that all have the same bytes. Measures
// the client with thousands of tables without waiting for a server to extract them.
import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {createServer} from 'node:http'

/** @returns {Promise<{url: string, close: () => void}>} */
export async function serveManifest(file, tables) {
  const bytes = readFileSync(file)
  const hash = createHash('md5').update(bytes).digest('hex')
  const entry = {
    hash,
    updated: '2026-01-31T12:00:00+00:00',
    size_bytes: bytes.length,
    rows: 1,
    query_mode: 'local',
    source_type: 'bench',
  }
  const names = Array.from({length: tables}, (_, index) => `table_${index}`)
  const manifest = JSON.stringify({
    tables: Object.fromEntries(names.map((name) => [name, {...entry, id: name}])),
    assets: {},
    server_time: '2026-01-31T12:00:00+00:00',
  })
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0]
    const isManifest = path === '/api/sync/manifest'
    const isNotes = path === '/api/memory/bundle'
    const etag = isManifest ? '"manifest"' : isNotes ? '"notes"' : `"${hash}"`
    if ((isManifest || isNotes) && request.headers['if-none-match'] === etag)
      return response.writeHead(304).end()
    response.setHeader('etag', etag)
    if (isManifest) return json(response, manifest)
    if (path.startsWith('/api/data/')) {
      response.setHeader('content-length', bytes.length)
      return response.setHeader('content-type', 'application/octet-stream').end(bytes)
    }
    if (path.startsWith('/api/catalog')) return json(response, '{"tables": [], "count": 0}')
    if (isNotes) return json(response, '{"mandatory": [], "approved": []}')
    // A push that fails is tried again by every session start.
    if (path === '/api/health' || path === '/api/upload/local-md')
      return json(response, '{"status": "ok"}')
    response.statusCode = 404
    json(response, '{"detail": "Not Found"}')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function json(response, text) {
  response.setHeader('content-type', 'application/json').end(text)
}
