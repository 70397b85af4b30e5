import {createHash} from 'node:crypto'
import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {uuid} from '../auth/token-issuer.js'
import {RequestBody} from '../request-body.js'
import {callerOf, type Caller} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import {naiveIso, parseTime} from '../times.js'
import {isNoneMatch} from '../conditional.js'

const admin = {config: {access: 'admin'}} as const
const TOKEN_BUDGET = 6000
const CHARACTERS_PER_TOKEN = 4
const MAX_MANDATORY = 1000
const YEAR_MS = 365 * 24 * 3600 * 1000

type Item = Record<string, unknown>
type ItemRequest = FastifyRequest<{Querystring: {item_id?: string}}>

/** Company notes: anybody proposes, administrators decide, everybody reads what was decided. */
export function registerMemoryRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  app.get('/api/memory/bundle', async (request, reply) => {
    const notes = bundle(deps, callerOf(request))
    const etag = `"${createHash('sha256').update(JSON.stringify(notes)).digest('hex')}"`
    reply.header('etag', etag).header('cache-control', 'no-cache')
    return isNoneMatch(request.headers['if-none-match'], etag) ? reply.code(304).send() : notes
  })
  app.post('/api/memory', (request, reply) => propose(deps, request, reply))
  app.get('/api/memory', admin, async () => {
    const items = [...deps.state.all('notes')].map(({document}) => document)
    return {items, count: items.length}
  })
  const decide = (path: string, status: string) =>
    app.post(`/api/memory/admin/${path}`, admin, (request: ItemRequest) =>
      setStatus(deps, request, status),
    )
  decide('approve', 'approved')
  decide('mandate', 'mandatory')
  decide('reject', 'rejected')
  decide('revoke', 'revoked')
}

function bundle({state, clock}: ServerRouteDeps, caller: Caller): Record<string, unknown> {
  const groups = caller.groupIds.flatMap((id) => state.get('groups', id)?.name ?? [])
  const items = [...state.all('notes')]
    .map(({document}) => document)
    .filter((item) => item.is_personal !== true && isFor(item, caller, groups))
  const mandatory = items.filter(({status}) => status === 'mandatory').slice(0, MAX_MANDATORY)
  const ranked = items
    .filter(({status}) => status === 'approved')
    .sort((a, b) => weight(b, clock.now()) - weight(a, clock.now()))
  let characters = sum(mandatory)
  const approved: Item[] = []
  for (const item of ranked) {
    if (characters + length(item) > TOKEN_BUDGET * CHARACTERS_PER_TOKEN) break
    characters += length(item)
    approved.push(item)
  }
  return {
    mandatory,
    approved,
    token_estimate: Math.ceil(characters / CHARACTERS_PER_TOKEN),
    token_budget: TOKEN_BUDGET,
  }
}

function isFor({audience}: Item, caller: Caller, groups: readonly string[]): boolean {
  if (caller.isAdmin || audience === null || audience === undefined || audience === 'all')
    return true
  return groups.includes(String(audience)) || caller.groupIds.includes(String(audience))
}

/** Confidence, fading to nothing over a year without a change. */
function weight(item: Item, nowMs: number): number {
  const confidence = typeof item.confidence === 'number' ? item.confidence : 0.5
  const ageMs = nowMs - parseTime(String(item.updated_at))
  return confidence * Math.max(0, 1 - ageMs / YEAR_MS)
}

function length(item: Item): number {
  return String(item.title ?? '').length + String(item.content ?? '').length
}

function sum(items: readonly Item[]): number {
  return items.reduce((total, item) => total + length(item), 0)
}

async function propose(
  deps: ServerRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = new RequestBody(request.body)
  const fields = {
    title: body.text('title'),
    content: body.text('content'),
    category: body.optionalText('category'),
    tags: body.optionalTexts('tags'),
    audience: body.optionalText('audience'),
    domain: body.optionalText('domain'),
  }
  body.check()
  const document = newNote(deps, {...fields, sourceUser: callerOf(request).email})
  const id = document.id as string
  await deps.state.update(() => ({
    changes: [{put: 'notes', row: {id, document}}],
    result: undefined,
  }))
  return reply.code(201).send({id, status: document.status})
}

export interface NewNote {
  title: string
  content: string
  category?: string | null
  tags?: readonly string[] | null
  audience?: string | null
  domain?: string | null
  sourceUser: string
  status?: string
}

/** A knowledge item by its wire names; lists are JSON text, as the contract has them. */
export function newNote(
  {clock, random}: Pick<ServerRouteDeps, 'clock' | 'random'>,
  note: NewNote,
): Item {
  const now = naiveIso(clock.now())
  return {
    id: uuid(random),
    title: note.title,
    content: note.content,
    category: note.category ?? null,
    tags: note.tags ? JSON.stringify(note.tags) : null,
    status: note.status ?? 'pending',
    contributors: null,
    source_user: note.sourceUser,
    audience: note.audience ?? null,
    confidence: 0.5,
    domain: note.domain ?? null,
    entities: null,
    source_type: 'claude_local_md',
    source_ref: null,
    valid_from: null,
    valid_until: null,
    supersedes: null,
    sensitivity: 'internal',
    is_personal: false,
    created_at: now,
    updated_at: now,
  }
}

function setStatus(
  {state, clock}: ServerRouteDeps,
  request: ItemRequest,
  status: string,
): Promise<Record<string, unknown>> {
  const {item_id: id} = request.query
  if (id === undefined)
    throw new ApiError(422, [
      {type: 'missing', loc: ['query', 'item_id'], msg: 'Field required', input: null},
    ])
  return state.update(() => {
    const note = state.get('notes', id)
    if (!note) throw new ApiError(404, 'Knowledge item not found')
    const document = {...note.document, status, updated_at: naiveIso(clock.now())}
    return {changes: [{put: 'notes', row: {id, document}}], result: {id, status}}
  })
}
