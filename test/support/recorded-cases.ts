import type {RecordedExchange} from './recorded.js'

/** Which command makes each recorded exchange of discovery, query and snapshot; a test checks that none is left out. */

export interface DiscoveryCase {
  argv: string[]
  /** Whose catalog. */
  person?: string
  /** Of the exchanges it shows. */
  labels: string[]
}

/** By name of the golden file. */
export const DISCOVERY_CASES: Record<string, DiscoveryCase> = {
  'catalog-analyst': {argv: ['catalog'], labels: ['v2: catalog (analyst)']},
  'catalog-admin': {argv: ['catalog'], person: 'admin', labels: ['v2: catalog (admin)']},
  'catalog-search': {
    argv: ['catalog', '--search', 'WEATHER', '--mode', 'local'],
    labels: ['v2: catalog (analyst)'],
  },
  'schema-movies': {argv: ['schema', 'movies'], labels: ['v2: schema movies']},
  'schema-types-zoo': {argv: ['schema', 'types_zoo'], labels: ['v2: schema types_zoo']},
  'schema-weather': {argv: ['schema', 'weather'], labels: ['v2: schema weather']},
  'schema-not-granted': {argv: ['schema', 'flights'], labels: ['v2: schema not granted']},
  'schema-unknown': {argv: ['schema', 'no_such'], labels: ['v2: schema unknown']},
  'schema-remote': {argv: ['schema', 'web_sessions'], labels: ['v2: schema remote']},
  'describe-weather': {
    argv: ['describe', 'weather', '-n', '3'],
    labels: ['v2: schema weather', 'v2: sample weather'],
  },
  'describe-pulled': {argv: ['describe', '-n', '2', 'gapminder'], labels: []},
  'sample-weather': {argv: ['sample', 'weather', '-n', '3'], labels: ['v2: sample weather']},
  'sample-types-zoo': {argv: ['sample', 'types_zoo', '-n', '2'], labels: ['v2: sample types_zoo']},
  'explore-weather': {argv: ['explore', 'weather'], labels: ['v2: sample weather']},
  'metrics-list': {argv: ['catalog', '--metrics'], labels: ['metrics: list']},
  'metrics-list-empty': {argv: ['catalog', '--metrics'], labels: ['metrics: list empty']},
  'metrics-show': {argv: ['catalog', '--show', 'revenue/mrr'], labels: ['metrics: show']},
  'metrics-unknown': {
    argv: ['catalog', '--metrics', '--show', 'revenue/nope'],
    labels: ['metrics: show unknown'],
  },
}

/** What no command sends, each with the reason. */
export const NOT_SENT: Record<string, string> = {
  'query: no body': 'a query always has SQL',
  'catalog: tables': 'the older list of tables; /api/v2/catalog says more on every server',
  'hybrid: not admin': 'hybrid queries join on this computer; the route is for administrators only',
}

/** The endpoints of discovery, query and snapshot. */
export function isOfTheseEndpoints({request}: RecordedExchange): boolean {
  return /^\/api\/(v2\/|query|metrics|catalog\/)/.test(request.path)
}

export function isScan({request}: RecordedExchange): boolean {
  return request.path.startsWith('/api/v2/scan') && request.body?.text !== undefined
}

export function isQuery({request, label}: RecordedExchange): boolean {
  return request.path === '/api/query' && !(label in NOT_SENT)
}

/** Where the printed answers are kept, below the folder of the version. */
export function goldenFile(label: string): string {
  return `${label.replace(/\W+/g, '-')}.txt`
}
