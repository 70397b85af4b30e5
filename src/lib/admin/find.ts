import {MissingError, UsageError} from '../errors.js'
import type {Grant, Group, RegisteredTable, User} from '../wire/admin.js'
import type {Metric} from '../wire/metrics.js'
import type {AdminApi} from './admin-api.js'
import {collect} from './pages.js'
import {resolveOne, type Kind, type Named, type ResolveOptions} from './resolve.js'

/** References of people (names, ids, beginnings of ids) to the things they name, one list each. */

export const groupKind: Kind = {word: 'group', listCommand: 'agnes admin group list'}
export const userKind: Kind = {word: 'user', listCommand: 'agnes admin user list'}
export const tableKind: Kind = {word: 'table', listCommand: 'agnes admin table list'}
export const grantKind: Kind = {word: 'grant', listCommand: 'agnes admin grant list'}
export const metricKind: Kind = {word: 'metric', listCommand: 'agnes admin metrics list'}

export function namedGroup(group: Group): Named<Group> {
  return {thing: group, id: group.id, names: [group.name]}
}

/** People are known by their e-mail address; names are not unique enough. */
export function namedUser(user: User): Named<User> {
  return {thing: user, id: user.id, names: [user.email]}
}

export function namedTable(table: RegisteredTable): Named<RegisteredTable> {
  return {thing: table, id: table.id, names: [table.name]}
}

/** A grant has no name, only its id. */
export function namedGrant(grant: Grant): Named<Grant> {
  return {thing: grant, id: grant.id, names: []}
}

/** `mrr` names `revenue/mrr` as long as no other category has one. */
export function namedMetric(metric: Metric): Named<Metric> {
  return {thing: metric, id: metric.id, names: metric.name === null ? [] : [metric.name]}
}

interface Search extends ResolveOptions {
  reference: string
}

export async function findGroup(
  api: AdminApi,
  {reference, ...options}: Search,
  signal: AbortSignal,
): Promise<Group> {
  const all = await collect(api.groups(signal))
  return resolveOne(reference, all.map(namedGroup), groupKind, options)
}

export async function findUser(
  api: AdminApi,
  {reference, ...options}: Search,
  signal: AbortSignal,
): Promise<User> {
  const all = await collect(api.users(signal))
  return resolveOne(reference, all.map(namedUser), userKind, options)
}

export async function findTable(
  api: AdminApi,
  {reference, ...options}: Search,
  signal: AbortSignal,
): Promise<RegisteredTable> {
  return resolveOne(reference, (await api.tables(signal)).map(namedTable), tableKind, options)
}

/** A whole id is asked for itself; anything else, and what is not there, by the list. */
export async function findMetric(
  api: AdminApi,
  {reference, ...options}: Search,
  signal: AbortSignal,
): Promise<Metric> {
  if (reference.includes('/'))
    try {
      return await api.metric(reference, signal)
    } catch (error) {
      if (!(error instanceof MissingError || error instanceof UsageError)) throw error
    }
  return resolveOne(reference, (await api.metrics(signal)).map(namedMetric), metricKind, options)
}
