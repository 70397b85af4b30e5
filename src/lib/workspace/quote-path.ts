/** A path as it is typed in a shell: quoted only where it has to be. */
export function quotePath(path: string): string {
  return /^[\w./:\\~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
