/** A recorded exchange of administration, and the command that makes it. */
export interface AdminCase {
  argv: string[]
  /** The exchange the command must make, with the recorded body. */
  label: string
  /** The command answers without this request, for the reason given. */
  instead?: string
  stdin?: string
}

const register = (name: string): AdminCase => ({
  argv: ['table', 'register', name, '--source-type', 'local', '--description', `Demo ${name}`],
  label: `admin: register table ${name}`,
})
const grantTable = (name: string): AdminCase => ({
  argv: ['grant', 'create', 'analysts', 'table', name, '--unlisted'],
  label: `admin: create table grant ${name}`,
})

/** Every recorded exchange of these endpoints, by the command that makes it. */
export const ADMIN_CASES: Record<string, AdminCase> = {
  ...Object.fromEntries(
    ['tickets', 'flights', 'movies', 'airports', 'weather', 'gapminder', 'types_zoo'].map(
      (name) => [`table-register-${name}`, register(name)],
    ),
  ),
  'table-register-duplicate': {
    argv: ['table', 'register', 'movies', '--source-type', 'local'],
    label: 'admin: register duplicate table',
  },
  'table-register-remote': {
    argv: [
      ...['table', 'register', 'web_sessions', '--source-type', 'bigquery'],
      ...['--bucket', 'analytics', '--description', 'Web sessions in BigQuery'],
    ],
    label: 'admin: register remote bigquery table',
  },
  'table-list': {argv: ['table', 'list'], label: 'admin: registry'},
  'sync-trigger': {
    argv: ['sync', 'trigger', '__rebuild_only__'],
    label: 'admin: trigger rebuild',
  },
  'user-create': {
    argv: ['user', 'create', 'ann@example.com', '--name', 'Ann'],
    label: 'admin: create user',
  },
  'user-create-duplicate': {
    argv: ['user', 'create', 'ann@example.com', '--name', 'Ann'],
    label: 'admin: create user duplicate',
  },
  'user-set-password': {
    argv: ['user', 'set-password', 'ann@example.com', '--password-stdin'],
    label: 'admin: set password',
    stdin: 'annpass1234\n',
  },
  'user-list': {argv: ['user', 'list'], label: 'admin: list users'},
  'group-create': {
    argv: ['group', 'create', 'analysts', '--description', 'Everyone in analytics'],
    label: 'admin: create group',
  },
  'group-create-duplicate': {
    argv: ['group', 'create', 'analysts'],
    label: 'admin: create group duplicate',
  },
  'group-list': {argv: ['group', 'list'], label: 'admin: list groups'},
  'group-list-refused': {argv: ['group', 'list'], label: 'admin: groups refused to analyst'},
  'group-add-member': {
    argv: ['group', 'add-member', 'analysts', 'ann@example.com'],
    label: 'admin: add member',
  },
  'group-add-member-unknown': {
    argv: ['group', 'add-member', 'analysts', 'nobody@example.com'],
    label: 'admin: add member unknown',
  },
  'group-members': {argv: ['group', 'members', 'analysts'], label: 'admin: list members'},
  ...Object.fromEntries(
    ['movies', 'weather', 'types_zoo', 'gapminder', 'web_sessions'].map((name) => [
      `grant-create-${name}`,
      grantTable(name),
    ]),
  ),
  'grant-create-duplicate': {
    argv: ['grant', 'create', 'analysts', 'table', 'movies'],
    label: 'admin: create grant duplicate',
  },
  'grant-create-bad-type': {
    argv: ['grant', 'create', 'analysts', 'planet', 'mars'],
    label: 'admin: create grant bad type',
  },
  'grant-create-package': {
    argv: [
      ...['grant', 'create', 'analysts', 'data_package', 'pkg_4da47b2e0fce'],
      ...['--requirement', 'required'],
    ],
    label: 'admin: package grant',
  },
  'grant-create-refused': {
    argv: ['grant', 'create', 'analysts', 'table', 'flights'],
    label: 'admin: grant create refused to analyst',
    instead: 'the group cannot be looked up either: refused a step before',
  },
  'grant-list': {argv: ['grant', 'list'], label: 'admin: list grants'},
  'grant-list-of-group': {
    argv: ['grant', 'list', '--group', 'analysts'],
    label: 'admin: list grants of group',
  },
  'grant-delete': {argv: ['grant', 'delete', 'GAPMINDER', '--yes'], label: 'admin: delete grant'},
  'grant-delete-unknown': {
    argv: ['grant', 'delete', 'nope', '--yes'],
    label: 'admin: delete grant unknown',
    instead: 'it is in no list, so nothing is sent',
  },
  'resource-types': {argv: ['resource-types'], label: 'admin: resource types'},
  'metrics-list-empty': {argv: ['metrics', 'list'], label: 'metrics: list empty'},
  'metrics-list': {argv: ['metrics', 'list'], label: 'metrics: list'},
  'metrics-show': {argv: ['metrics', 'show', 'revenue/mrr'], label: 'metrics: show'},
  'metrics-show-unknown': {
    argv: ['metrics', 'show', 'revenue/nope'],
    label: 'metrics: show unknown',
  },
}
