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
    [{interval_minutes: 0}, 'interval_minutes', 'is below its least of 1.'],
    [{interval_minutes: 'five'}, 'interval_minutes', 'must be number.'],
    [{intervall_minutes: 5}, 'intervall_minutes', 'is no key; did you mean interval_minutes?'],
    [{quiet_hours: 'at night'}, 'quiet_hours', 'must be like 22:00-07:00.'],
    [
      {policies: {hook_altered: 'auto'}},
      'policies.hook_altered',
      'is no finding; did you mean hooks_altered?',
    ],
    [
      {policies: {hooks_altered: 'perhaps'}},
      'policies.hooks_altered',
      'must be one of auto, notify, ask, off.',
    ],
    ['often', 'daemon', 'must be object.'],
  ])('%j names the key that is wrong, and why', (value, key, why) => {
    const read = () => parseDaemonSettings(value)
    expect(read).toThrow(UsageError)
    expect(read).toThrow(`config.yaml, daemon: ${key} ${why}`)
    expect(read).toThrow(expect.objectContaining({code: 'settings_invalid', details: {key}}))
  })
})
