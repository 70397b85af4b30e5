import type {Files} from '../../ports/files.js'
import type {DaemonSettings} from '../daemon-settings.js'
import type {Observation} from '../model.js'

const MIB = 1024 * 1024

/** The message says the floor and not what is free: that changes all the time. */
export async function senseDisk(
  files: Files,
  {freeBytesFloor}: Pick<DaemonSettings, 'freeBytesFloor'>,
): Promise<Observation[]> {
  if ((await files.freeBytes()) >= freeBytesFloor) return []
  const floor = `${Math.round(freeBytesFloor / MIB)} MiB`
  const message = `Less than ${floor} of the disk is free; until there is more, nothing is fetched.`
  return [{kind: 'disk_low', subject: '', message, action: null}]
}
