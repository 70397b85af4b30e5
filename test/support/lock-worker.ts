import {appendFileSync, readFileSync, writeFileSync} from 'node:fs'
import {FileLock} from '../../src/lib/adapters/file-lock.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'

/**
 * One process of the lock contract: `count` turns of an unprotected read-modify-write, or, with
 * `hang`, one turn that never ends.
 */
const [folder = '', turns = '1', mode = 'count'] = process.argv.slice(2)
const lock = new FileLock(`${folder}/pull.lock`, systemClock)

for (let turn = 0; turn < Number(turns); turn++)
  await lock.hold({waitMs: 60_000, command: 'worker'}, async () => {
    process.stdout.write('holding\n')
    appendFileSync(`${folder}/log`, `+${process.pid}\n`)
    if (mode === 'hang') await systemClock.sleep(600_000)
    const count = Number(readFileSync(`${folder}/counter`, 'utf8'))
    await systemClock.sleep(1)
    writeFileSync(`${folder}/counter`, String(count + 1))
    appendFileSync(`${folder}/log`, `-${process.pid}\n`)
  })
