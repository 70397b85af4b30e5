import type {RecordedExchange} from './recorded.js'

/** What of the contract's sign-in and administration is asked by which command, and what is not, and why. */

export function isOfAdministration({request}: RecordedExchange): boolean {
  return /^\/(auth\/|cli\/auth\/|api\/(admin\/|users|metrics|me\/|sync\/(trigger|status)))/.test(
    request.path,
  )
}

/** Replayed by `agnes admin export`, `plan`, `apply` and `why`: see admin-access-recorded.test.ts. */
export const ACCESS_CASE_LABELS = ['metrics: create']

/** Recorded exchanges that no verb makes, each with the reason. */
export const NO_VERB: Record<string, string> = {
  'me: profile': 'no server of either version has it: both recorded answers are 404',
  'admin: create data package':
    'what is in data packages is no concern of agnes; grants of them are',
  'admin: package add tickets': 'as above',
  'admin: package add movies': 'as above',
  'admin: package add weather': 'as above',
  'admin: package add types_zoo': 'as above',
  'admin: package add gapminder': 'as above',
}

/** Endpoints of the contract, and the file below src/lib that asks them. */
export const CALLED: Record<string, string> = {
  'POST /auth/token': 'auth/password-sign-in.ts',
  'POST /auth/tokens': 'auth/tokens.ts',
  'GET /auth/tokens': 'auth/tokens.ts',
  'DELETE /auth/tokens/{id}': 'auth/tokens.ts',
  'GET /auth/admin/tokens': 'why/why-for.ts',
  'GET /cli/auth/start': 'auth/browser-sign-in.ts',
  'POST /cli/auth/exchange': 'auth/browser-sign-in.ts',
  'GET /api/me/effective-access': 'auth/who-am-i.ts',
  'GET /api/users': 'admin/admin-api.ts',
  'POST /api/users': 'admin/admin-api.ts',
  'PATCH /api/users/{id}': 'admin/admin-api.ts',
  'DELETE /api/users/{id}': 'admin/admin-api.ts',
  'POST /api/users/{id}/set-password': 'admin/admin-api.ts',
  'GET /api/admin/groups': 'admin/admin-api.ts',
  'POST /api/admin/groups': 'admin/admin-api.ts',
  'PATCH /api/admin/groups/{id}': 'admin/admin-api.ts',
  'DELETE /api/admin/groups/{id}': 'admin/admin-api.ts',
  'GET /api/admin/groups/{id}/members': 'admin/admin-api.ts',
  'POST /api/admin/groups/{id}/members': 'admin/admin-api.ts',
  'DELETE /api/admin/groups/{id}/members/{user}': 'admin/admin-api.ts',
  'GET /api/admin/grants': 'admin/admin-api.ts',
  'POST /api/admin/grants': 'admin/admin-api.ts',
  'PUT /api/admin/grants/{id}': 'admin/admin-api.ts',
  'DELETE /api/admin/grants/{id}': 'admin/admin-api.ts',
  'GET /api/admin/resource-types': 'admin/admin-api.ts',
  'GET /api/admin/registry': 'admin/admin-api.ts',
  'POST /api/admin/register-table': 'admin/admin-api.ts',
  'POST /api/admin/register-table/precheck': 'admin/admin-api.ts',
  'PUT /api/admin/registry/{id}': 'admin/admin-api.ts',
  'DELETE /api/admin/registry/{id}': 'admin/admin-api.ts',
  'GET /api/metrics': 'admin/admin-api.ts',
  'GET /api/metrics/{id}': 'admin/admin-api.ts',
  'POST /api/admin/metrics': 'admin/admin-api.ts',
  'DELETE /api/admin/metrics/{id}': 'admin/admin-api.ts',
  'POST /api/admin/metrics/import': 'admin/admin-api.ts',
  'POST /api/sync/trigger': 'admin/admin-api.ts',
  'GET /api/sync/status': 'admin/admin-api.ts',
  'GET /api/admin/activity': 'admin/audit-pages.ts',
}

/** Endpoints of the contract that no command asks, each with the reason. */
export const NOT_CALLED: Record<string, string> = {
  'POST /auth/password/login': 'POST /auth/token is the same and says more',
  'POST /auth/bootstrap':
    'the first administrator is made where the server is set up; agnes serve prints its token',
  'POST /auth/password/setup':
    'the link of an invitation opens the page of the server, which takes the password itself',
  'POST /auth/email/send-link': 'a link by mail ends in a browser; so does agnes auth login',
  'POST /auth/email/verify': 'as above',
  'POST /auth/refresh-groups': 'groups of a directory outside are read anew at every sign-in',
  'POST /cli/auth/rescope-surface': 'agnes auth token create makes a token of the other surface',
  'GET /auth/tokens/{id}': 'the list says the same of each',
  'DELETE /auth/admin/tokens/{id}':
    'whoever must not come in any more is switched off: agnes admin user deactivate',
  'POST /api/users/{id}/reset-password':
    'its answer is a link that signs in whoever has it, to be passed on by mail or chat; ' +
    'agnes admin user set-password reads a first password from stdin and prints nothing secret',
  'POST /api/users/{id}/activate': 'PATCH does it',
  'POST /api/users/{id}/deactivate': 'PATCH does it',
  'GET /api/users/{id}': 'people are found by name, in the list',
  'GET /api/admin/groups/{id}': 'groups are found by name, in the list',
  'GET /api/admin/access-overview': 'groups, grants and tables one by one say the same, by pages',
  'GET /api/admin/users/{id}/memberships': 'the members of groups say the same',
  'GET /api/me/profile': 'no server has it',
}
