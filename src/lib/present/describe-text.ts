import {jsonOf} from '../cells/cell-json.js'
import {cellText, isNumeric} from '../cells/cell-text.js'
import type {DescribedTable, TableDescription} from '../describe/describe-table.js'
import {ageText, bytesText, countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {boxTable, recordBlocks} from './table.js'
import {paint, type Terminal} from './terminal.js'

const KINDS: Record<TableDescription['kind'], string> = {
  published: 'published table',
  snapshot: 'snapshot',
  own: 'your own table or view',
}

/** A table for a person. In a pipe one fact, column or row a line, its kind first. */
export function describeText(described: DescribedTable, terminal: Terminal): string {
  return terminal.isTty ? page(described, terminal) : lines(described)
}

function page({description, sample}: DescribedTable, terminal: Terminal): string {
  const {table, columns} = description
  const parts = [
    paint(terminal, 'bold', sanitizeLine(table)),
    ...alignColumns(heads(description), {indent: '  '}),
    '',
    ...alignColumns(columns.map(({name, type}) => [sanitizeLine(name), sanitizeLine(type)])),
  ]
  if (sample.rows.length === 0) return parts.join('\n')
  const grid = {
    header: sample.columns.map(({name}) => sanitizeLine(name)),
    right: sample.columns.map(({type}) => isNumeric(type)),
    rows: sampleTexts(sample),
  }
  return `${parts.join('\n')}\n\n${boxTable(grid, terminal) ?? recordBlocks(grid, terminal)}`
}

function heads(description: TableDescription): string[][] {
  const {kind, rowCount, sizeBytes, partitions, updated, pulledAt, ageMs} = description
  const rows = [
    ['kind', KINDS[kind]],
    ['rows', countText(rowCount)],
  ]
  if (sizeBytes !== null) rows.push(['size', bytesText(sizeBytes)])
  if (partitions !== null) rows.push(['partitions', countText(partitions)])
  if (updated !== null) rows.push(['data from', sanitizeLine(updated)])
  if (pulledAt !== null && ageMs !== null) rows.push(['pulled', ageText(ageMs)])
  return rows
}

function lines({description, sample}: DescribedTable): string {
  const {table, kind, rowCount, sizeBytes, partitions, updated, pulledAt} = description
  const facts = {table, kind, rows: rowCount, sizeBytes, partitions, updated, pulledAt}
  return [
    ...Object.entries(facts)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}\t${sanitizeLine(String(value))}`),
    ...description.columns.map(
      ({name, type}) => `column\t${sanitizeLine(name)}\t${sanitizeLine(type)}`,
    ),
    ...sampleTexts(sample).map((row) => ['row', ...row.map((text) => text ?? 'NULL')].join('\t')),
  ].join('\n')
}

function sampleTexts({columns, rows}: DescribedTable['sample']): (string | null)[][] {
  const texts = columns.map(({type}) => cellText(type))
  return rows.map((row) =>
    row.map((cell, index) => (cell === null ? null : sanitizeLine(texts[index]!(cell)))),
  )
}

/** The document of `--json`, written out: numbers of any size stay numbers. */
export function describeJson({description, sample, notices}: DescribedTable): string {
  const {rowCount, ...facts} = description
  const jsons = sample.columns.map(({type}) => jsonOf(type))
  const rows = sample.rows.map((row) => `[${row.map((cell, at) => jsons[at]!(cell)).join(', ')}]`)
  const warnings = notices.length === 0 ? {} : {warnings: notices}
  const head = JSON.stringify({...facts, ...warnings}, null, 2).slice(0, -2)
  const body = rows.length === 0 ? '[]' : `[\n    ${rows.join(',\n    ')}\n  ]`
  return `${head},\n  "rowCount": ${rowCount},\n  "sample": ${body}\n}\n`
}
