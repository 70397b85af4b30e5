import type {DiskReport, KindName, Reclaimable} from '../disk/measure-disk.js'
import {bytesText, countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {paint, type Terminal} from './terminal.js'

const KINDS: Record<KindName, string> = {
  tables: 'Published tables',
  snapshots: 'Snapshots',
  catalog: 'Catalog',
  partials: 'Unfinished downloads',
  notes: 'Company notes',
  state: 'Records of agnes',
  other: 'Everything else',
}

const WHAT: Record<Reclaimable['what'], string> = {
  leftovers: 'left behind by runs that were killed',
  unfinished: 'of unfinished downloads; a complete pull uses them up',
  unowned: 'among the published tables that belong to no table; agnes does not touch them',
}

/** Bytes by kind, and what can be had back. In a pipe: one kind a line, exact bytes. */
export function diskText(report: DiskReport, terminal: Terminal): string {
  return terminal.isTty ? table(report, terminal) : rows(report)
}

function table(
  {kinds, total, freeBytes, reclaimable, workspace}: DiskReport,
  terminal: Terminal,
): string {
  const lines = alignColumns(
    [
      ...kinds.map(({kind, path, files, bytes}) => [
        KINDS[kind],
        bytesText(bytes),
        countText(files),
        path,
      ]),
      ['Total', bytesText(total.bytes), countText(total.files), workspace],
      ['Free on the disk', bytesText(freeBytes), '', ''],
    ],
    {right: [1, 2]},
  )
  const header = paint(terminal, 'bold', 'Bytes in this workspace, with the number of files')
  const back = reclaimable.map(({what, bytes, command}) => {
    const how = command === null ? '' : ` To free them: ${command}`
    return `${bytesText(bytes)} ${WHAT[what]}.${how}`
  })
  return [header, ...lines, ...(back.length > 0 ? ['', ...back] : [])].join('\n')
}

function rows({kinds, total, freeBytes, reclaimable}: DiskReport): string {
  return [
    ...kinds.map(({kind, bytes, allocatedBytes, files, path}) => [
      kind,
      bytes,
      allocatedBytes,
      files,
      path,
    ]),
    ['total', total.bytes, total.allocatedBytes, total.files, ''],
    ['free', freeBytes],
    ...reclaimable.map(({what, bytes, files, command}) => [
      `reclaimable_${what}`,
      bytes,
      files,
      command ?? '',
    ]),
  ]
    .map((row) => row.join('\t'))
    .join('\n')
}
