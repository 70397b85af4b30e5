/**
 * The hashing thread's program, as text: it runs the same from the bundle and from source, where
 * Node 20 cannot start a thread on a TypeScript file (docs/decisions/0301-md5-thread-as-text.md).
 *
 * In: `{id, kind: 'extend' | 'digest', path, length}` (the first one opens the file), `{id, kind: 'cancel'}`.
 * Out: `{id, digest}` or `{id, short}` or `{id, failure}`.
 */
export const hashingProgram = `'use strict'
const {parentPort} = require('node:worker_threads')
const {createHash} = require('node:crypto')
const {closeSync, openSync, readSync} = require('node:fs')

const buffer = Buffer.allocUnsafeSlow(1 << 20)
const jobs = new Map()

function readTo(job, length) {
  while (job.at < length) {
    const count = readSync(job.fd, buffer, 0, Math.min(buffer.length, length - job.at), job.at)
    if (count === 0) return false
    job.hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
    job.at += count
  }
  return true
}

function forget(id) {
  const job = jobs.get(id)
  jobs.delete(id)
  if (job) closeSync(job.fd)
}

function handle({id, kind, path, length}) {
  if (kind === 'cancel') return forget(id)
  let job = jobs.get(id)
  if (!job) jobs.set(id, (job = {fd: openSync(path, 'r'), hash: createHash('md5'), at: 0}))
  const isWhole = readTo(job, length)
  if (kind !== 'digest') return
  parentPort.postMessage(isWhole ? {id, digest: job.hash.digest('hex')} : {id, short: job.at})
  forget(id)
}

parentPort.on('message', (message) => {
  try {
    handle(message)
  } catch (error) {
    forget(message.id)
    parentPort.postMessage({id: message.id, failure: String(error && error.message)})
  }
})
`
