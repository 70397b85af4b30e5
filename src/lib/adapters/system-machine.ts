import {execFile} from 'node:child_process'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {environmentForOthers} from '../config/env.js'
import type {Machine} from '../ports/machine.js'

const SUPPLIES = '/sys/class/power_supply'
const PATIENCE_MS = 3000
const NETWORK_MANAGER = 'org.freedesktop.NetworkManager'

const execute = promisify(execFile)

function run(
  program: string,
  args: readonly string[],
  timeout = PATIENCE_MS,
): Promise<{stdout: string}> {
  return execute(program, [...args], {timeout, env: environmentForOthers()})
}

/** @param bus the program that asks the system's services, and how long it may take */
export function systemMachine(
  platform: string = process.platform,
  supplies = SUPPLIES,
  bus = {program: 'busctl', patienceMs: PATIENCE_MS},
): Machine {
  return {
    isOnBattery: () => (platform === 'darwin' ? askMac() : readSupplies(supplies)),
    isMetered: async () => (platform === 'linux' ? askNetworkManager(bus) : null),
    async notify(title, text) {
      const program = noticeProgram(platform, title, text)
      if (!program) return false
      return run(program[0], program[1]).then(
        () => true,
        () => false,
      )
    },
  }
}

/** On battery: there is a battery, and no mains supply that is on. */
async function readSupplies(folder: string): Promise<boolean | null> {
  const names = await readdir(folder).catch(() => [])
  const supplies = await Promise.all(
    names.map(async (name) => ({
      type: await readLine(join(folder, name, 'type')),
      online: await readLine(join(folder, name, 'online')),
      status: await readLine(join(folder, name, 'status')),
    })),
  )
  const mains = supplies.filter(({type}) => type === 'Mains' || type === 'USB')
  if (mains.some(({online}) => online === '1')) return false
  const batteries = supplies.filter(({type}) => type === 'Battery')
  if (batteries.length === 0) return null
  return batteries.some(({status}) => status === 'Discharging')
}

async function readLine(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim()
}

async function askMac(): Promise<boolean | null> {
  const answer = await run('/usr/bin/pmset', ['-g', 'batt']).catch(() => undefined)
  return answer ? answer.stdout.includes("'Battery Power'") : null
}

/** `u 1` and `u 3`: metered, said and guessed; `u 2` and `u 4`: not; anything else: not known. */
async function askNetworkManager(bus: {
  program: string
  patienceMs: number
}): Promise<boolean | null> {
  const path = `/${NETWORK_MANAGER.replaceAll('.', '/')}`
  // Not started for our sake where it does not run.
  const words = ['--system', '--auto-start=no', 'get-property', NETWORK_MANAGER, path]
  const {program, patienceMs} = bus
  const asked = run(program, [...words, NETWORK_MANAGER, 'Metered'], patienceMs)
  const answer = await asked.catch(() => undefined)
  const kind = /^u ([1-4])$/.exec(answer?.stdout.trim() ?? '')?.[1]
  return kind === undefined ? null : kind === '1' || kind === '3'
}

/** Texts go as arguments of their own, never through a shell or into a script. */
function noticeProgram(
  platform: string,
  title: string,
  text: string,
): [string, string[]] | undefined {
  if (platform === 'linux') return ['notify-send', ['--app-name=agnes', '--', title, text]]
  if (platform !== 'darwin') return undefined
  const script =
    'on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend'
  return ['/usr/bin/osascript', ['-e', script, title, text]]
}
