import {expect, it} from 'vitest'
import {startCountingServer} from '../support/counting-server.js'
import {flatTable} from '../support/flat-table.js'
import {pullPlace} from '../support/pull-place.js'

it('leaves the tables and views of the user alone for 100 pulls', {timeout: 300_000}, async () => {
  const {agnes, sql} = await pullPlace()
  const server = await startCountingServer()
  const versions = [
    [await flatTable('a', 3), await flatTable('mine', 9)],
    [await flatTable('a', 4)],
  ]
  server.publish(versions[0]!)
  await agnes(server.origin, 'pull')
  await sql(
    'DROP VIEW mine',
    'CREATE TABLE mine AS SELECT 42 AS x',
    'CREATE VIEW my_view AS SELECT sum(n) AS s FROM a',
    'SELECT 1',
  )
  for (let turn = 1; turn <= 100; turn++) {
    server.publish(versions[turn % 2]!)
    expect((await agnes(server.origin, 'pull')).exitCode).toBe(0)
  }
  expect(await sql('SELECT x, s::INTEGER FROM mine, my_view')).toEqual([[42, 6]])
})
