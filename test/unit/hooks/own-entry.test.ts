import {describe, expect, it} from 'vitest'
import {isOwnEntry} from '../../../src/lib/hooks/own-entry.js'

const entry = (...commands: string[]) => ({
  hooks: commands.map((command) => ({type: 'command', command})),
})

describe('isOwnEntry', () => {
  it.each([
    ['our own', 'agnes pull --quiet || true'],
    ['an older pull', 'agnes pull'],
    ['the first client', 'da sync --quiet'],
    [
      'upgrade, then pull',
      'agnes self-upgrade --quiet 2>/dev/null; agnes pull --quiet 2>/dev/null || true',
    ],
    ['a marketplace check in bash', `bash -c 'agnes refresh-marketplace --check || true'`],
    [
      'a detached push',
      `bash -c 'nohup agnes push --quiet </dev/null >/dev/null 2>&1 & disown; exit 0'`,
    ],
    [
      'a detached update',
      `bash -lc "(setsid agnes update --quiet < /dev/null > /dev/null 2>&1 &)"`,
    ],
    ['capture, then push', `bash -c 'agnes capture-session; agnes push --quiet || true'`],
    ['a guarded pull', 'if command -v agnes >/dev/null; then agnes pull --quiet; fi'],
    ['in the project folder', 'cd "$CLAUDE_PROJECT_DIR" && agnes pull --quiet || true'],
    ['an absolute path', '/usr/local/bin/agnes pull --quiet'],
    [
      'Node and our script by full paths',
      '"/opt/node (20)/bin/node" "/home/ana/my \\"tools\\"/agnes-cli/bin/run.js" pull --quiet || agnes pull --quiet || true',
    ],
    ['the collector script', 'python3 server/scripts/collect_session.py'],
  ])('recognises %s', (_name, command) => {
    expect(isOwnEntry(entry(command))).toBe(true)
  })

  it.each([
    ['a formatter', 'prettier --write .'],
    ['a command that ends in our name', 'magnes pull'],
    ['another verb of ours', 'agnes pull-requests'],
    ['a chain with a foreign step', 'backup.sh && agnes pull --quiet'],
    ['a pipe into a foreign program', 'agnes pull --json | tee log'],
    ['a substitution', 'agnes pull --table $(pick-table)'],
    ['backquotes', 'agnes pull --table `pick-table`'],
    ['another CLI of the same build', 'node ./bin/run.js pull --quiet'],
    [
      'ours with a step added',
      '"/usr/bin/node" "/x/bin/run.js" pull --quiet || agnes pull --quiet || true; make fresh',
    ],
    ['a message that names us', 'logger "agnes pull is starting"'],
    ['a program that is given our name', './deploy.sh agnes update'],
    ['the same behind a wrapper', 'bash ~/bin/backup.sh agnes pull'],
    ['our verb on another computer', 'ssh build agnes pull'],
    ['a comment that names us', 'make fresh # agnes pull'],
    ['a script with a similar name', '/home/ana/bin/recollect_sessions.sh'],
    ['a script of that name elsewhere', 'python3 my_collect_session.py'],
    ['only glue', 'true'],
    ['nothing', ''],
  ])('leaves %s to its owner', (_name, command) => {
    expect(isOwnEntry(entry(command))).toBe(false)
  })

  it('leaves an entry alone when one of its commands is foreign', () => {
    expect(isOwnEntry(entry('agnes pull --quiet', 'make fresh'))).toBe(false)
  })

  it.each([
    [null],
    ['agnes pull'],
    [{}],
    [{hooks: []}],
    [{hooks: 'agnes pull'}],
    [{hooks: [null]}],
  ])('does not take %j for an entry', (value) => expect(isOwnEntry(value)).toBe(false))
})
