import {createHash} from 'node:crypto'
import {readdir, readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {OpenedData} from '../../src/server/create-server.js'
import type {DataStore, PublishedTable, QueryEngine} from '../../src/server/model.js'

/** A data store that publishes whatever Parquet files lie in a folder: no engine, no registry. */
export async function folderStore(folder: string): Promise<DataStore> {
  let tables = await look(folder)
  return {
    tables: () => tables,
    byId: (id) => tables.find((table) => table.id === id),
    byName: (name) => tables.find((table) => table.name === name),
    async rescan() {
      tables = await look(folder)
    },
    async close() {},
  }
}

/** For servers whose tests never ask SQL. */
export const noEngine: QueryEngine = {
  schema: refuse,
  sample: refuse,
  estimate: refuse,
  scan: refuse,
  estimateQuery: refuse,
  scanQuery: refuse,
  query: refuse,
  async close() {},
}

/** `openData` for servers whose tests are about people and rights. */
export const noData = async (): Promise<OpenedData> => ({
  store: {
    tables: () => [],
    byId: () => undefined,
    byName: () => undefined,
    async rescan() {},
    async close() {},
  },
  engine: noEngine,
})

function refuse(): Promise<never> {
  return Promise.reject(new Error('this test server has no query engine'))
}

async function look(folder: string): Promise<PublishedTable[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.parquet')).sort()
  return Promise.all(
    names.map((name) => publish(join(folder, name), name.slice(0, -'.parquet'.length))),
  )
}

async function publish(file: string, name: string): Promise<PublishedTable> {
  const {size, mtime, mtimeMs} = await stat(file)
  return {
    id: name.trim().toLowerCase().replaceAll(' ', '_'),
    name,
    source: 'folder',
    sourceType: 'local',
    description: '',
    queryMode: 'local',
    serverOnly: false,
    rows: 1,
    sizeBytes: size,
    hash: createHash('md5')
      .update(await readFile(file))
      .digest('hex'),
    updated: mtime.toISOString().replace('Z', '000'),
    file,
    mtimeMs,
    parts: null,
    partitionBy: null,
    clusteredBy: [],
  }
}
