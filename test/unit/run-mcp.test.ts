import {describe, expect, it} from 'vitest'
import {isPlain} from '../../src/lib/run-mcp.js'

describe('the words of agnes mcp', () => {
  it.each([
    [[], true],
    [['--mode', 'read'], true],
    [['--mode=admin', '--workspace', '/home/ada/sales'], true],
    [['--workspace=/home/ada/sales'], true],
    // Whoever serves says that there is no such mode.
    [['--mode', 'all'], true],
    [['--mode'], false],
    [['--help'], false],
    [['-h'], false],
    [['--mode', 'read', '--help'], false],
    [['--frames', '3'], false],
    [['--answer'], false],
    [['install'], false],
    [['install', '--mode', 'read'], false],
    [['--modes', 'read'], false],
    [['--'], false],
  ])('%j start the serving process at once: %s', (words, isAtOnce) => {
    expect(isPlain(words)).toBe(isAtOnce)
  })
})
