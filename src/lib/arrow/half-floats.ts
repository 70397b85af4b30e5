/** 16-bit floats as 32-bit ones; every value has an exact one. */
export function floatsOfHalves(halves: Uint8Array, count: number): Uint8Array {
  const view = new DataView(halves.buffer, halves.byteOffset, halves.byteLength)
  const floats = Float32Array.from({length: count}, (_, row) =>
    floatOfHalf(view.getUint16(row * 2, true)),
  )
  return new Uint8Array(floats.buffer)
}

function floatOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
