import {describe, expect, it} from 'vitest'
import {parseDaemonSettings} from '../../../src/lib/daemon/daemon-settings.js'
import {UsageError} from '../../../src/lib/errors.js'

describe('the daemon’s settings', () => {
  it('are safe ones when nothing is set', () => {
    expect(parseDaemonSettings(undefined)).toMatchObject({
      intervalMs: 900_000,
      conditionalIntervalMs: 60_000,
      quietHours: null,
      isBatteryUsed: false,
      isMeteredUsed: false,
      bytesPerSecond: null,
      policies: {files_altered: 'auto', pull_too_big: 'ask', hooks_altered: 'notify'},
    })
  })

  it('are read from what stands under daemon', () => {
    const settings = parseDaemonSettings({
      interval_minutes: 5,
      quiet_hours: '22:00-07:00',
      auto_pull_mib: 10,
      max_mib_per_second: 2,
      policies: {hooks_altered: 'auto'},
    })
    expect(settings).toMatchObject({
      intervalMs: 300_000,
      quietHours: {from: 1320, to: 420},
      autoPullBytes: 10_485_760,
      bytesPerSecond: 2_097_152,
    })
    expect(settings.policies.hooks_altered).toBe('auto')
    expect(settings.policies.files_altered).toBe('auto')
  })

  it.each([
    [{interval_minutes: 0}, 'interval_minutes'],
    [{intervall_minutes: 5}, 'daemon'],
    [{quiet_hours: 'at night'}, 'quiet_hours'],
    [{policies: {hook_altered: 'auto'}}, 'policies.hook_altered'],
    [{policies: {hooks_altered: 'perhaps'}}, 'policies.hooks_altered'],
    ['often', 'daemon'],
  ])('%j names the key that is wrong', (value, key) => {
    const read = () => parseDaemonSettings(value)
    expect(read).toThrow(UsageError)
    expect(read).toThrow(expect.objectContaining({code: 'settings_invalid', details: {key}}))
  })
})
