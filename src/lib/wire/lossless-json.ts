import {parse} from 'lossless-json'

/**
 * JSON without rounding: every integer literal is a `bigint`, everything with a point or an exponent a
 * `number`. So a sum beyond 2^53 stays exact, and 1.0 is told from 1. `SyntaxError` for what is not JSON.
 */
export function parseLossless(text: string): unknown {
  return parse(text, null, {parseNumber})
}

function parseNumber(literal: string): bigint | number {
  return /^-?\d+$/.test(literal) ? BigInt(literal) : Number(literal)
}
