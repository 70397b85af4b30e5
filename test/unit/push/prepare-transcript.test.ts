import {createHash} from 'node:crypto'
import {appendFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {partBytes, prepareTranscript} from '../../../src/lib/push/prepare-transcript.js'
import {tempDir} from '../../support/temp-dir.js'

async function prepare(content: string, maxPartBytes?: number) {
  const dir = await tempDir()
  const files = new NodeFiles(dir, systemRandom)
  await writeFile(join(dir, 't.jsonl'), content)
  const options = {path: 't.jsonl', sizeBytes: Buffer.byteLength(content)}
  const prepared = await prepareTranscript(files, {
    ...options,
    ...(maxPartBytes ? {maxPartBytes} : {}),
  })
  const read = async (index: number) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of partBytes(files, prepared, {part: prepared.parts[index]!}))
      chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  }
  return {prepared, read, path: join(dir, 't.jsonl')}
}

describe('prepareTranscript', () => {
  it('splits between lines, in parts that fit, whose sum is the whole', async () => {
    const line = fc.string({unit: 'grapheme', maxLength: 30}).map((text) => JSON.stringify({text}))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, {minLength: 1, maxLength: 12}),
        fc.integer({min: 400, max: 900}),
        async (lines, max) => {
          const content = lines.map((text) => `${text}\n`).join('')
          const {prepared, read} = await prepare(content, max)
          const parts = await Promise.all(prepared.parts.map((_, index) => read(index)))
          expect(parts.join('')).toBe(content)
          for (const [index, part] of parts.entries()) {
            expect(Buffer.byteLength(part)).toBe(prepared.parts[index]!.sizeBytes)
            expect(prepared.parts[index]!.sizeBytes).toBeLessThanOrEqual(max)
            expect(createHash('sha256').update(part).digest('hex')).toBe(
              prepared.parts[index]!.sha256,
            )
          }
          expect(prepared.bytes).toBe(Buffer.byteLength(content))
          expect(prepared.sha256).toBe(createHash('sha256').update(content).digest('hex'))
        },
      ),
      {numRuns: 60},
    )
  })

  it('refuses a single line that does not fit, by its number', async () => {
    await expect(prepare(`{}\n{"a":"${'x'.repeat(500)}"}\n`, 400)).rejects.toMatchObject({
      code: 'line_too_long',
      details: {line: 2},
    })
  })

  it('keeps nothing of a large transcript in memory and makes the same bytes again', async () => {
    const line = JSON.stringify({text: `password=hunter2 ${'y'.repeat(100_000)}`})
    const {prepared, read} = await prepare(`${line}\n`.repeat(60))
    expect(prepared.kept).toBeUndefined()
    expect(prepared.findings).toHaveLength(60)
    expect(await read(0)).toBe(`${line.replace('hunter2', '[REDACTED-PASSWORD]')}\n`.repeat(60))
  })

  it('covers the lines that were there when it began, whatever is appended later', async () => {
    const line = `${JSON.stringify({text: 'z'.repeat(100_000)})}\n`
    const {read, path} = await prepare(line.repeat(60))
    await appendFile(path, line)
    expect(await read(0)).toBe(line.repeat(60))
  })

  it('notices that the file was rewritten meanwhile', async () => {
    const line = `${JSON.stringify({text: 'z'.repeat(100_000)})}\n`
    const {read, path} = await prepare(line.repeat(60))
    await writeFile(path, line.replace('zz', 'ab').repeat(60))
    await expect(read(0)).rejects.toMatchObject({code: 'transcript_changed'})
  })

  it('has no part of a transcript without a whole line', async () => {
    const {prepared} = await prepare('{"a":')
    expect([prepared.bytes, prepared.parts]).toEqual([0, []])
  })
})
