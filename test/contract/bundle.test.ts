import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import type {Metafile} from 'esbuild'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {bundle} from '../../scripts/build/bundle.js'
import {repositoryRoot} from '../support/run-cli.js'

/** Packages that a command must load by itself, where it needs them, and never at its start. */
const HEAVY =
  /node_modules\/(got|@duckdb|yaml|listr2|fastify|@fastify|apache-arrow|parquetjs-lite|sql\.js|@google-cloud|@modelcontextprotocol)\//

let dir: string
let outputs: Metafile['outputs']
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-bundle-'))
  outputs = (await bundle(repositoryRoot, join(dir, 'dist'))).outputs
}, 120_000)
afterAll(() => rm(dir, {recursive: true, force: true}))

/** Every source file that importing `output` reads, dynamic imports left out. */
function loadedBy(output: string, seen = new Set<string>()): string[] {
  if (seen.has(output)) return []
  seen.add(output)
  const {inputs, imports} = outputs[output]!
  const others = imports.filter(({kind, external}) => kind === 'import-statement' && !external)
  return [...Object.keys(inputs), ...others.flatMap(({path}) => loadedBy(path, seen))]
}

describe('the bundle', () => {
  it.each([
    ['main', 5000],
    ['run-idle', 120_000],
    ['run-query', 40_000],
    ['run-mcp', 10_000],
  ])('has %s in one small file without anything heavy', (name, most) => {
    const [file] = Object.keys(outputs).filter((path) => basename(path) === `${name}.cjs`)
    const {imports, bytes} = outputs[file!]!
    expect(imports.filter(({kind, external}) => kind === 'import-statement' && !external)).toEqual(
      [],
    )
    expect(loadedBy(file!).filter((path) => HEAVY.test(path))).toEqual([])
    expect(bytes).toBeLessThan(most)
  })

  it('has what those files load later', () => {
    const files = Object.keys(outputs).filter((path) => path.endsWith('.cjs'))
    const later = files
      .flatMap((file) => outputs[file]!.imports)
      .filter(({path}) => path.startsWith('./'))
    expect(later.length).toBeGreaterThan(4)
    for (const {path} of later)
      expect(Object.keys(outputs).some((output) => output.endsWith(`dist${path.slice(1)}`))).toBe(
        true,
      )
  })

  it('loads zod without its languages', () => {
    for (const command of Object.keys(outputs).filter((path) => path.includes('/commands/')))
      expect(
        loadedBy(command).filter((path) => path.includes('zod/v4/locales/')),
        command,
      ).toEqual([])
  })

  it('loads nothing heavy at the start of a command', () => {
    const commands = Object.keys(outputs).filter((path) => path.includes('/commands/'))
    expect(commands.length).toBeGreaterThan(2)
    for (const command of commands)
      expect(
        loadedBy(command).filter((path) => HEAVY.test(path)),
        command,
      ).toEqual([])
  })

  it('leaves oclif’s help, discovery and colours in a file of their own', () => {
    const [command] = Object.keys(outputs).filter((path) => path.endsWith('commands/version.js'))
    const oclif = loadedBy(command!).filter((path) => path.includes('@oclif/core/lib/'))
    expect(oclif.filter((path) => /lib\/(help|config|ux|main)/.test(path))).toEqual([])
    expect(oclif.length).toBeGreaterThan(5)
  })
})
