import {z} from 'zod/mini'
import {createGrants, deleteGrants} from '../../admin/change-grants.js'
import {openAdmin} from '../../admin/open-admin.js'
import {ConflictError} from '../../errors.js'
import {answerSchema, decision} from '../arguments.js'
import {normalForm} from '../handles.js'
import {defineTool} from '../tool.js'
import {grantInput} from './grant-plan.js'
import {adminAt, grantSubject, planGrant} from './plan-grant.js'

export const grantApply = defineTool({
  name: 'grant_apply',
  description: 'Grant or revoke, as planned. Needs the handle of grant_plan and a reason.',
  input: z.strictObject({...grantInput, ...decision}),
  output: answerSchema('changes:array notes:array'),
  lists: ['changes'],
  narrow: 'Change one grant at a time.',
  subject: grantSubject,
  async run(input, {around, workspace, seen}, signal) {
    // Asked for by the handle and the reason; nobody sits at a prompt.
    const admin = await openAdmin(adminAt(around, workspace), {yes: true})
    const plan = await planGrant(admin.api, input, signal)
    if (normalForm(plan) !== normalForm(seen))
      throw new ConflictError('The grants are not as they were when this was planned.', {
        code: 'look_stale',
        hint: 'Call grant_plan with the same arguments again.',
      })
    if (!plan.isChange) return {answer: {changes: [], notes: ['It was so already.']}}
    if (plan.action === 'revoke') {
      const {changes} = await deleteGrants(admin, [plan.grantId!], signal)
      return {answer: {changes, notes: []}}
    }
    const notes: string[] = []
    const request = {
      onNote: (note: string) => void notes.push(note),
      ...{group: plan.groupId, resourceType: plan.resourceType, resources: [plan.resourceId]},
      ...{requirement: undefined, isUnlistedAllowed: false},
    }
    const {changes} = await createGrants(admin, request, signal)
    return {answer: {changes, notes}}
  },
})
