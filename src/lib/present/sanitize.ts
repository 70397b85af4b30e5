/**
 * The one filter for strings that come from a server or a file and end on a screen: removes escape
 * sequences, control characters and bidirectional overrides, so that data cannot act as a terminal.
 */
// eslint-disable-next-line no-control-regex -- control characters are what this removes
const ESCAPES = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[PX^_][^\u001B]*(?:\u001B\\)?|[ -/]*[0-~]?)/g
// eslint-disable-next-line no-control-regex -- as above
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g

/** Keeps tabs and line breaks. */
export function sanitize(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(ESCAPES, '').replace(CONTROLS, '\uFFFD')
}

/** For cells and one-line messages: tabs and line breaks become spaces. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replace(/[\t\n]+/g, ' ')
}
