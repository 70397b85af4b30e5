/**
 * 16 hex digits that change when the text does. Nobody gains by texts of equal print, so this is no
 * cryptography: that takes Node longer to load than everything else here.
 */
export function textPrint(text: string): string {
  let one = 0x811c9dc5
  let other = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul((other << 5) ^ (other >>> 27) ^ unit, 0x9e3779b1)
  }
  return hex(one) + hex(other ^ text.length)
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
