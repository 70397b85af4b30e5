import {randomBytes} from 'node:crypto'
import type {Random} from '../ports/random.js'

export const systemRandom: Random = {
  float: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
}
