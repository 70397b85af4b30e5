import {describe, expect, it} from 'vitest'
import {makeLazy} from '../../../scripts/build/lazy-requires.js'

/** Runs a CommonJS module text; says which modules it asked for, in order. */
function run(source: string, modules: Record<string, unknown>) {
  const asked: string[] = []
  const exports: Record<string, unknown> = {}
  const require = (name: string) => {
    asked.push(name)
    return modules[name]
  }
  const __importDefault = (module: {default?: unknown}) =>
    'default' in module ? module : {default: module}
  new Function('exports', 'require', '__importDefault', source)(exports, require, __importDefault)
  return {exports: exports as Record<string, () => unknown>, asked}
}

describe('makeLazy', () => {
  it('asks for a module when a member of it is used, once', () => {
    const {exports, asked} = run(
      makeLazy(
        'const help_1 = require("./help");\nexports.show = () => help_1.show() + (0, help_1.show)();',
      ),
      {'./help': {show: () => 1}},
    )
    expect(asked).toEqual([])
    expect(exports.show!()).toBe(2)
    expect(exports.show!()).toBe(2)
    expect(asked).toEqual(['./help'])
  })

  it('keeps the default import and `new`', () => {
    const {exports} = run(
      makeLazy(
        'const spin_1 = __importDefault(require("spin"));\nexports.make = () => new spin_1.default(3);',
      ),
      {
        spin: class {
          constructor(readonly speed: number) {}
        },
      },
    )
    expect(exports.make!()).toMatchObject({speed: 3})
  })

  it('leaves a module alone that is used as a whole', () => {
    const source = 'const all_1 = require("./all");\nexports.all = all_1;\nexports.one = all_1.one;'
    expect(makeLazy(source)).toBe(source)
  })

  it('does not touch a member of the same name', () => {
    const {exports} = run(
      makeLazy(
        'const help_1 = require("./help");\nexports.f = (x) => x.help_1.value + help_1.value;',
      ),
      {'./help': {value: 1}},
    )
    expect((exports.f as (x: object) => number)({help_1: {value: 10}})).toBe(11)
  })
})
