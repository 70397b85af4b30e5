import {UnexpectedError, UsageError, type AgnesError} from '../../errors.js'
import type {Files} from '../../ports/files.js'
import type {Programs} from '../../ports/programs.js'
import {serviceUnit, type ServiceUnit, type UnitFacts} from './service-unit.js'

export interface ServiceDeps {
  facts: UnitFacts
  /** This package, for its templates. */
  shipped: Files
  filesAt(root: string): Files
  programs: () => Promise<Programs>
}

export interface ServiceResult {
  kind: ServiceUnit['kind']
  /** Of the unit; absolute. */
  path: string
  /** `unchanged`: it was there, or absent, as it should be. */
  outcome: 'installed' | 'updated' | 'unchanged' | 'removed'
}

const TIMEOUT_MS = 30_000

/** Writes the unit and enables it. A unit that cannot be enabled is taken away again. */
export async function installService(
  deps: ServiceDeps,
  signal: AbortSignal,
): Promise<ServiceResult> {
  const unit = unitOf(deps)
  const template = (await deps.shipped.readText(unit.template)) ?? ''
  const text = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => unit.values[name] ?? '')
  const {files, name} = placeOf(deps, unit)
  const before = await files.readText(name)
  const bytes = Buffer.from(unit.encoding === 'utf8' ? text : `\uFEFF${text}`, unit.encoding)
  const isSame = before !== undefined && Buffer.from(before, 'utf8').equals(bytes)
  if (!isSame) await files.writeAtomic(name, bytes)
  try {
    for (const command of unit.enable) await runOrThrow(deps, command, signal)
  } catch (error) {
    if (before === undefined) await files.remove(name)
    throw error
  }
  const outcome = before === undefined ? 'installed' : isSame ? 'unchanged' : 'updated'
  return {kind: unit.kind, path: unit.path, outcome}
}

/** Disables the unit and removes it. */
export async function uninstallService(
  deps: ServiceDeps,
  signal: AbortSignal,
): Promise<ServiceResult> {
  const unit = unitOf(deps)
  const {files, name} = placeOf(deps, unit)
  if ((await files.readText(name)) === undefined)
    return {kind: unit.kind, path: unit.path, outcome: 'unchanged'}
  const programs = await deps.programs()
  for (const [program, ...args] of unit.disable)
    await programs.run(program, args, {folder: files.root, timeoutMs: TIMEOUT_MS}, signal)
  await files.remove(name)
  return {kind: unit.kind, path: unit.path, outcome: 'removed'}
}

function unitOf({facts}: ServiceDeps): ServiceUnit {
  const unit = serviceUnit(facts)
  if (unit) return unit
  throw new UsageError(`agnes does not know how to start a service on ${facts.platform}.`, {
    code: 'no_service_manager',
    hint: 'Start it yourself with every sign-in: agnes daemon start',
  })
}

function placeOf({filesAt}: ServiceDeps, {path}: ServiceUnit): {files: Files; name: string} {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  return {files: filesAt(path.slice(0, cut)), name: path.slice(cut + 1)}
}

async function runOrThrow(
  {programs, facts}: ServiceDeps,
  [program, ...args]: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<void> {
  const options = {folder: facts.home, timeoutMs: TIMEOUT_MS}
  const {exitCode, stderr} = await (await programs()).run(program, args, options, signal)
  if (exitCode !== 0) throw notEnabled([program, ...args].join(' '), exitCode, stderr)
}

function notEnabled(command: string, exitCode: number, stderr: string): AgnesError {
  const [line = ''] = stderr.trim().split('\n')
  return new UnexpectedError(
    `The service could not be enabled: ${command} ended with ${exitCode}.`,
    {
      code: 'service_not_enabled',
      hint: 'Is there a service manager for this user? Without one use: agnes daemon start',
      details: {command, exitCode, stderr: line.slice(0, 500)},
    },
  )
}
