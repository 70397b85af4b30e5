import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {describe, expect, it} from 'vitest'
import {repositoryRoot} from '../support/run-cli.js'

const pages = ['.', 'docs', 'docs/decisions', 'hooks', 'templates'].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(repositoryRoot, folder, name)),
)

/** Targets of `[text](target)` that are files of this repository. */
function localLinks(page: string): string[] {
  const text = readFileSync(page, 'utf8').replace(/```[^]*?```/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
}

describe('the documents', () => {
  it.each(pages.map((page) => relative(repositoryRoot, page)))(
    '%s links to files that exist',
    (name) => {
      const page = join(repositoryRoot, name)
      const broken = localLinks(page).filter((target) => !existsSync(join(dirname(page), target)))
      expect(broken).toEqual([])
    },
  )

  it('say in ten steps how a pull travels, each with a file to open', () => {
    const text = readFileSync(join(repositoryRoot, 'docs/walkthrough.md'), 'utf8')
    const steps = text.split('\n').filter((line) => /^\d+\. /.test(line))
    expect(steps.map((line) => Number.parseInt(line, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    for (const step of steps) expect(step).toMatch(/\]\(\.\.\/\S+\)/)
  })

  it('give each decision a number of its own', () => {
    const names = readdirSync(join(repositoryRoot, 'docs/decisions')).filter((name) =>
      /^\d/.test(name),
    )
    const numbers = names.map((name) => name.slice(0, 4))
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const name of names) expect(name).toMatch(/^\d{4}-[a-z0-9-]+\.md$/)
  })
})

describe('the changelog', () => {
  it('begins with what is not released', () => {
    const text = readFileSync(join(repositoryRoot, 'CHANGELOG.md'), 'utf8')
    expect(text.match(/^## .*/m)?.[0]).toBe('## [Unreleased]')
  })
})
