import {describe, expect, it} from 'vitest'
import {chooseProxy} from '../../../src/lib/config/choose-proxy.js'

const P = 'http://proxy.example:3128'
const none = {http: undefined, https: undefined, all: undefined, none: undefined}

describe('chooseProxy', () => {
  it.each([
    ['https://a.example', {https: P}, P],
    ['https://a.example', {http: P}, undefined],
    ['http://a.example', {http: P}, P],
    ['http://a.example', {https: P}, undefined],
    ['https://a.example', {all: P}, P],
    ['https://a.example', {https: 'proxy.example:3128'}, P],
    ['https://localhost:8443', {https: P}, undefined],
    ['http://127.0.0.1:8642', {http: P, all: P}, undefined],
    ['http://127.255.0.9', {all: P}, undefined],
    ['http://[::1]:80', {all: P}, undefined],
    ['https://localhost.evil.example', {https: P}, P],
  ])('%s with %j is reached by %s', (origin, proxy, expected) => {
    expect(chooseProxy(origin, {...none, ...proxy})).toBe(expected)
  })

  it.each([
    ['a.example', true],
    ['.example', true],
    ['*.example', true],
    ['example', true],
    ['A.EXAMPLE', true],
    ['a.example:443', true],
    ['a.example:8443', false],
    ['*', true],
    ['b.example, a.example', true],
    ['b.example a.example', true],
    ['xa.example', false],
    ['le', false],
    ['', false],
    ['.', false],
    [',,', false],
    ['10.0.0.1', false],
  ])('NO_PROXY %j covers a.example: %s', (list, isCovered) => {
    const chosen = chooseProxy('https://a.example', {...none, https: P, none: list})
    expect(chosen === undefined).toBe(isCovered)
  })
})
