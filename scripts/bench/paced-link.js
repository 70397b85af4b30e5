// A network in front of a server: answers pass at no more than a given rate, all connections together.
// On loopback a server hands out a gigabyte in a second, which no network does; with a link of a known
// rate the bench says what a pull adds to waiting for the bytes.
import {connect, createServer} from 'node:net'

/** How much of an idle time may be made up for, in milliseconds. */
const BURST_MS = 250

/**
 * @param {string} url of the server
 * @param {number} bytesPerSecond
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function pacedLink(url, bytesPerSecond) {
  const {hostname, port} = new URL(url)
  const sockets = new Set()
  let freeAt = 0
  /** Takes the link for so many bytes; answers how long the sender has to wait then. */
  const take = (bytes) => {
    const now = performance.now()
    freeAt = Math.max(freeAt, now - BURST_MS) + (bytes / bytesPerSecond) * 1000
    return freeAt - now
  }
  const link = createServer((client) => {
    const server = connect(Number(port), hostname)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.on('error', () => [client, server].forEach((other) => other.destroy()))
    }
    client.pipe(server)
    server.on('data', (chunk) => {
      const isAccepted = client.write(chunk)
      const waitMs = take(chunk.length)
      if (isAccepted && waitMs <= 0) return
      server.pause()
      const drained = isAccepted ? undefined : new Promise((done) => client.once('drain', done))
      setTimeout(async () => (await drained, server.resume()), Math.max(waitMs, 0))
    })
    server.on('end', () => client.end())
  })
  await new Promise((resolve) => link.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${link.address().port}`,
    close: () => {
      link.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
