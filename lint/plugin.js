// The house's own rules (docs/decisions/0004-own-lint-rules.md). Each message says what to do instead.
import {ambientTime} from './rules/ambient-time.js'
import {ansiOnlyInPresent} from './rules/ansi-only-in-present.js'
import {disableNeedsReason} from './rules/disable-needs-reason.js'
import {noEmptyCatch} from './rules/no-empty-catch.js'
import {noFocusedTests} from './rules/no-focused-tests.js'
import {noModuleMocks} from './rules/no-module-mocks.js'
import {noPrinting} from './rules/no-printing.js'
import {noSleeps} from './rules/no-sleeps.js'
import {packageRooms} from './rules/package-rooms.js'
import {processEnv} from './rules/process-env.js'
import {processPlaces} from './rules/process-places.js'
import {rooms} from './rules/rooms.js'

export const plugin = {
  meta: {name: 'agnes'},
  rules: {
    'ambient-time': ambientTime,
    'ansi-only-in-present': ansiOnlyInPresent,
    'disable-needs-reason': disableNeedsReason,
    'no-empty-catch': noEmptyCatch,
    'no-focused-tests': noFocusedTests,
    'no-module-mocks': noModuleMocks,
    'no-printing': noPrinting,
    'no-sleeps': noSleeps,
    'package-rooms': packageRooms,
    'process-env': processEnv,
    'process-places': processPlaces,
    rooms,
  },
}
