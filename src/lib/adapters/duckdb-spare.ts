import type {DuckDBInstance} from '@duckdb/node-api'
import {createInstance, type CreateInstance} from './duckdb-warehouse.js'

/**
 * To make an engine takes longer than most small queries. One is made ahead, empty, in memory and
 * configured like the last one; it serves a single session, like any other.
 */
export class SpareInstance {
  private configuration: Record<string, string> | undefined
  private ready: {key: string; instance: Promise<DuckDBInstance>} | undefined

  readonly create: CreateInstance = async (path, configuration) => {
    if (path !== ':memory:') return createInstance(path, configuration)
    this.configuration = configuration
    const {ready} = this
    this.ready = undefined
    if (ready?.key === JSON.stringify(configuration)) return ready.instance
    if (ready) await drop(ready.instance)
    return createInstance(path, configuration)
  }

  /** Makes the next one, once there was a first. */
  prepare(): void {
    if (this.ready || !this.configuration) return
    const {configuration} = this
    const instance = createInstance(':memory:', configuration)
    // Whoever takes it is told.
    instance.catch(() => undefined)
    this.ready = {key: JSON.stringify(configuration), instance}
  }
}

async function drop(instance: Promise<DuckDBInstance>): Promise<void> {
  const made = await instance.catch(() => undefined)
  made?.closeSync()
}
