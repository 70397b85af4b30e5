import {ageText} from './amounts.js'

/** The notices on an answer, the last of which says how old it is if it is not fresh. */
export function notesOn(
  result: Parameters<typeof cachedNote>[0],
  notices: readonly string[],
): readonly string[] {
  const note = cachedNote(result)
  return note === undefined ? notices : [...notices, note]
}

function cachedNote(result: {
  server: string | null
  checkedAt: string
  cached: {fetchedAt: string} | null
}): string | undefined {
  if (!result.cached) return undefined
  const {fetchedAt} = result.cached
  const age = ageText(Date.parse(result.checkedAt) - Date.parse(fetchedAt))
  return `${result.server} was not asked or did not answer: this is what it said ${age} (${fetchedAt}).`
}
