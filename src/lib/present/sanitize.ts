/**
 * The one filter for strings that come from a server or a file and end on a screen (or in front of an
 * agent): data cannot act as a terminal, reorder the line, or hide text from the person reading it.
 * Emoji sequences, combining marks and the joiners that scripts need stay as they are.
 */

// Strings that a terminal would swallow (OSC, DCS, SOS, PM, APC) go only when they are closed: an
// unclosed one must not hide the rest of the text.
const ESCAPES =
  // eslint-disable-next-line no-control-regex -- control characters are what this removes
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B\]|\u009D)[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)|(?:\u001B[PX^_]|[\u0090\u0098\u009E\u009F])[^\u001B\u009C]*(?:\u001B\\|\u009C)|\u001B(?:[ -/]+[0-~]?|[0-~])?/g

// C0, C1, bidirectional controls, byte order mark, invisible characters, interlinear annotation.
const CONTROLS =
  // eslint-disable-next-line no-control-regex -- as above
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB]|\p{Surrogate}/gu

// Tag characters spell out invisible text; the only honest use is after the black flag (England, Wales).
const TAGS = /(?<!\u{1F3F4}[\u{E0020}-\u{E007F}]{0,6})[\u{E0000}-\u{E007F}]/gu

/** Keeps tabs and line breaks. Running it twice changes nothing more. */
export function sanitize(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(ESCAPES, '')
    .replace(CONTROLS, '\uFFFD')
    .replace(TAGS, '\uFFFD')
}

/** For cells and one-line messages: tabs and line breaks become spaces. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replace(/[\t\n]+/g, ' ')
}
