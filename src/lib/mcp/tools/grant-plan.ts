import {z} from 'zod/mini'
import {openAdmin} from '../../admin/open-admin.js'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'
import {adminAt, grantSubject, planGrant} from './plan-grant.js'

export const grantInput = {
  action: z.enum(['grant', 'revoke']),
  group: argument.name(),
  resource: argument.name(),
  type: z._default(argument.name(), 'table'),
}

export const grantPlan = defineTool({
  name: 'grant_plan',
  description: 'Say what granting or revoking would change, and give the handle grant_apply needs.',
  input: z.strictObject(grantInput),
  output: answerSchema('isChange:boolean groupName:string resourceId:string handle:string'),
  lists: [],
  narrow: 'Ask about one resource.',
  async run(input, {around, workspace}, signal) {
    const {api} = await openAdmin(adminAt(around, workspace))
    const plan = await planGrant(api, input, signal)
    return {
      answer: {
        ...plan,
        server: api.origin,
        next: 'Call grant_apply with the same arguments, the handle and a reason.',
      },
      offer: {tool: 'grant_apply', subject: grantSubject(input), seen: plan},
    }
  },
})
