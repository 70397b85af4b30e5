import {jsonOf} from '../cells/cell-json.js'
import type {AnswerOrigin} from '../query/answer-source.js'
import type {CountedRows} from '../query/limit-rows.js'
import {uniqueNames} from '../query/unique-names.js'

/** What stands behind the rows of the JSON document. */
export interface JsonTail {
  origin: AnswerOrigin
  /** Read when the rows have ended. */
  warnings: () => readonly string[]
}

/**
 * One document, `{columns, rows, rowCount, truncated, source, workspace}` (from a server also `server`,
 * `bytesScanned`, `rowScope`) and `warnings` where there are any.
 * Rows are arrays, so that repeated names survive; integers of any size are number literals.
 */
export async function* jsonDocument(
  {columns, batches, outcome}: CountedRows,
  tail: JsonTail,
): AsyncGenerator<string> {
  const heads = columns.map(({name, typeText}) => JSON.stringify({name, type: typeText}))
  yield `{\n  "columns": [${heads.map((head) => `\n    ${head}`).join(',')}\n  ],\n  "rows": [`
  const jsons = columns.map(({type}) => jsonOf(type))
  let separator = '\n'
  for await (const batch of batches) {
    const written = batch.columns.map((cells, index) => cells.map(jsons[index]!))
    let lines = ''
    for (let row = 0; row < batch.rowCount; row++) {
      lines += `${separator}    [${written.map((cells) => cells[row]!).join(', ')}]`
      separator = ',\n'
    }
    yield lines
  }
  const warnings = tail.warnings()
  const rest = {
    rowCount: outcome.rowCount,
    truncated: outcome.isTruncated,
    ...tail.origin,
    ...(warnings.length === 0 ? {} : {warnings}),
  }
  yield `${separator === '\n' ? '' : '\n  '}],\n${JSON.stringify(rest, null, 2).slice(2)}\n`
}

/** One object per line; repeated names become `x`, `x_2`. */
export async function* ndjsonRows({columns, batches}: CountedRows): AsyncGenerator<string> {
  const keys = uniqueNames(columns.map(({name}) => name)).map((name) => JSON.stringify(name))
  const jsons = columns.map(({type}) => jsonOf(type))
  for await (const batch of batches) {
    const written = batch.columns.map((cells, index) => cells.map(jsons[index]!))
    let lines = ''
    for (let row = 0; row < batch.rowCount; row++) {
      let line = ''
      for (let index = 0; index < keys.length; index++)
        line += `${index === 0 ? '{' : ','}${keys[index]!}:${written[index]![row]!}`
      lines += `${line}}\n`
    }
    yield lines
  }
}
