import {ConflictError, UsageError} from '../errors.js'
import type {User} from '../wire/admin.js'
import {changeEach, oneChange, type Change, type ChangeResult} from './changes.js'
import {findUser, namedUser, userKind} from './find.js'
import type {Admin} from './open-admin.js'
import {collect} from './pages.js'
import {resolveOne} from './resolve.js'

/** Without a name the part of the address before the @ is it. */
export async function createUsers(
  {api}: Admin,
  {emails, name}: {emails: readonly string[]; name: string | undefined},
  signal: AbortSignal,
): Promise<ChangeResult> {
  if (name !== undefined && emails.length > 1)
    throw new UsageError('--name is for one user.', {
      hint: 'Make them one by one, or leave --name out.',
    })
  const create = async (email: string) => {
    if (!/^[^\s@]+@[^\s@]+$/.test(email))
      throw new UsageError(`"${email}" is not an e-mail address.`, {code: 'bad_email'})
    try {
      const made = await api.createUser({email, name: name ?? email.split('@', 1)[0]!}, signal)
      return userChange('created', made, true)
    } catch (error) {
      throw error instanceof ConflictError ? taken(email, error) : error
    }
  }
  return changeEach(emails, create, signal)
}

/** The server's words, with whom to look for: case makes no difference to an address. */
function taken(email: string, cause: ConflictError): ConflictError {
  const {message, code, details} = cause
  return new ConflictError(message, {
    ...{code, details, cause},
    hint: `See who has ${email}, in whatever case: agnes admin user list`,
  })
}

/** Deactivating also stops every token of theirs; asks first. */
export async function setUserActive(
  admin: Admin,
  {references, isActive}: {references: readonly string[]; isActive: boolean},
  signal: AbortSignal,
): Promise<ChangeResult> {
  const found = await findUsers(admin, {references, isDestructive: !isActive}, signal)
  const action = isActive ? 'activated' : 'deactivated'
  if (!isActive) await ask(admin, {verb: 'Deactivate', found}, signal)
  const change = async (reference: string) => {
    const user = found(reference)
    if (user.isActive === isActive) return userChange(action, user, false)
    return userChange(action, await admin.api.changeUser(user.id, {active: isActive}, signal), true)
  }
  return changeEach(references, change, signal)
}

/** With their memberships and tokens; asks first. */
export async function deleteUsers(
  admin: Admin,
  references: readonly string[],
  signal: AbortSignal,
): Promise<ChangeResult> {
  const found = await findUsers(admin, {references, isDestructive: true}, signal)
  await ask(admin, {verb: 'Delete', found}, signal)
  const remove = async (reference: string) => {
    const user = found(reference)
    await admin.api.deleteUser(user.id, signal)
    return userChange('deleted', user, true)
  }
  return changeEach(references, remove, signal)
}

export async function setPassword(
  {api}: Admin,
  {reference, readPassword}: {reference: string; readPassword(user: User): Promise<string>},
  signal: AbortSignal,
): Promise<ChangeResult> {
  const user = await findUser(api, {reference, isDestructive: true}, signal)
  await api.setPassword(user.id, await readPassword(user), signal)
  return oneChange({...userChange('updated', user, true), action: 'set the password of'})
}

type FindUser = ((reference: string) => User) & {listed: readonly User[]}

async function findUsers(
  {api}: Admin,
  {references, isDestructive}: {references: readonly string[]; isDestructive: boolean},
  signal: AbortSignal,
): Promise<FindUser> {
  const all = (await collect(api.users(signal))).map(namedUser)
  const find = (reference: string) => resolveOne(reference, all, userKind, {isDestructive})
  // The question names whom it is about, so a reference that names nobody is told before it.
  return Object.assign(find, {listed: references.map(find)})
}

async function ask(
  admin: Admin,
  {verb, found}: {verb: string; found: FindUser},
  signal: AbortSignal,
): Promise<void> {
  const who = found.listed.map(({email, id}) => `${email} (${id})`).join(', ')
  await admin.confirm(`${verb} user ${who}`, signal)
}

function userChange(action: string, {id, email}: User, isNew: boolean): Change {
  return {action, kind: 'user', id, name: email, group: null, isNew}
}
