import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {redactionKinds} from '../../../src/lib/redact/redact-text.js'
import {repositoryRoot} from '../../support/run-cli.js'

it('names every kind of secret in docs/privacy.md, and no other', async () => {
  const text = await readFile(join(repositoryRoot, 'docs/privacy.md'), 'utf8')
  const table = text.slice(text.indexOf('| group |'), text.indexOf('This finds secrets'))
  const named = [...table.matchAll(/`([A-Z][A-Z-]+)`/g)].map(([, kind]) => kind)
  expect(named.sort()).toEqual([...redactionKinds].sort())
})
