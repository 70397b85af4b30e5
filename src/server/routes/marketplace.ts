import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {isNoneMatch} from '../conditional.js'
import {gitRepository, type GitRepository} from '../marketplace/git-objects.js'
import {PluginShelf} from '../marketplace/plugin-shelf.js'
import {
  directoryOf,
  MARKETPLACE_NAME,
  pluginTree,
  type PluginTree,
} from '../marketplace/plugin-tree.js'
import {zipTree} from '../marketplace/zip-tree.js'
import {callerOf, type Caller} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'

/** Repositories kept in memory; there are as many as different sets of grants. */
const MAX_REPOSITORIES = 32

/**
 * The plugins a person is granted, as an archive, as facts and as a git repository. A grant is enough:
 * this server knows no subscriptions. Administrators get what their groups are granted and no more.
 */
export function registerMarketplaceRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const shelf = new PluginShelf(deps.files, deps.logger)
  const treeFor = async (caller: Caller): Promise<PluginTree> => {
    const plugins = await shelf.plugins()
    return pluginTree(plugins.filter(({id}) => isGranted(deps, caller, id)))
  }

  app.get('/marketplace/info', async (request) => {
    const caller = callerOf(request)
    const tree = await treeFor(caller)
    return {
      ...identity(deps, caller),
      marketplace_name: MARKETPLACE_NAME,
      etag: tree.etag,
      plugin_count: tree.plugins.length,
      plugins: tree.plugins.map((plugin) => ({
        name: plugin.name,
        original_name: plugin.originalName,
        prefixed_name: directoryOf(plugin),
        marketplace_slug: plugin.slug,
        version: plugin.version,
        description: plugin.description,
        source: 'marketplace',
      })),
      store_plugins: [],
      generated_at: stamp(deps),
    }
  })

  app.get('/marketplace.zip', async (request, reply) => {
    const caller = callerOf(request)
    const tree = await treeFor(caller)
    const etag = `"${tree.etag}"`
    reply.header('etag', etag)
    const known = request.headers['if-none-match']
    if (isNoneMatch(known?.includes('"') ? known : known && `"${known}"`, etag))
      return reply.code(304).send()
    const version = {...identity(deps, caller), etag: tree.etag, generated_at: stamp(deps)}
    return reply
      .type('application/zip')
      .header('content-disposition', 'attachment; filename="agnes-marketplace.zip"')
      .send(await zipTree(tree, version))
  })

  const repositoryFor = keepRepositories()
  app.get<{Params: {'*': string}}>(
    '/marketplace.git/*',
    {config: {access: 'public'}},
    async (request, reply) => {
      const caller = callerByPassword(request, deps)
      if (!caller) return refuseStranger(reply)
      request.caller = caller
      return sendGit(reply, repositoryFor(await treeFor(caller)), request.params['*'])
    },
  )
}

function keepRepositories(): (tree: PluginTree) => GitRepository {
  const repositories = new Map<string, GitRepository>()
  return (tree) => {
    const repository =
      repositories.get(tree.etag) ?? gitRepository(tree.files, `Marketplace ${tree.etag}`)
    repositories.delete(tree.etag)
    repositories.set(tree.etag, repository)
    for (const etag of [...repositories.keys()].slice(0, -MAX_REPOSITORIES))
      repositories.delete(etag)
    return repository
  }
}

function isGranted({state}: ServerRouteDeps, {groupIds}: Caller, pluginId: string): boolean {
  return groupIds.some((groupId) => state.isGranted(groupId, 'marketplace_plugin', pluginId))
}

function identity({state}: ServerRouteDeps, {userId, email, groupIds}: Caller) {
  const groups = groupIds.map((id) => state.get('groups', id)?.name ?? '').sort()
  return {user_id: userId, email, groups}
}

function stamp({clock}: ServerRouteDeps): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** git sends HTTP Basic: the token is the password, the name says nothing. */
function callerByPassword(
  request: FastifyRequest,
  {authenticator}: ServerRouteDeps,
): Caller | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/.exec(request.headers.authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const password = text.slice(text.indexOf(':') + 1)
  try {
    return authenticator.authenticate(`Bearer ${password}`, request.ip)
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return undefined
    throw error
  }
}

function refuseStranger(reply: FastifyReply): FastifyReply {
  return reply
    .code(401)
    .header('www-authenticate', 'Basic realm="agnes-marketplace"')
    .type('text/plain; charset=utf-8')
    .send('Sign in with your Agnes token as the password.\n')
}

/** The "dumb" protocol: a few named files and loose objects. */
function sendGit(reply: FastifyReply, repository: GitRepository, path: string): FastifyReply {
  const text = {
    HEAD: 'ref: refs/heads/main\n',
    'info/refs': `${repository.commit}\trefs/heads/main\n`,
  }[path]
  reply.header('cache-control', 'no-cache')
  if (text !== undefined) return reply.type('text/plain; charset=utf-8').send(text)
  const [, head, rest] = /^objects\/([0-9a-f]{2})\/([0-9a-f]{38})$/.exec(path) ?? []
  const object = repository.objects.get(`${head}${rest}`)
  if (object) return reply.type('application/x-git-loose-object').send(object)
  return reply.code(404).type('text/plain; charset=utf-8').send('Not found\n')
}
