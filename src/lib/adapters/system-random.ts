import {randomBytes} from 'node:crypto'
import type {Random} from '../ports/random.js'

export const systemRandom: Random = {
  float: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
}

/** Without loading Node's cryptography: for names that only have to differ, never for secrets. */
export const guessableRandom: Random = {
  float: () => Math.random(),
  hex: (bytes) =>
    Array.from({length: bytes}, () =>
      Math.floor(Math.random() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join(''),
}
