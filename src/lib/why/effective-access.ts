import {isFields, textField} from '../wire/read-fields.js'

/** What the groups of one person are granted; an administrator's right to everything is not spelled out. */
export interface EffectiveAccess {
  isAdmin: boolean
  items: {type: string; id: string; groups: string[]}[]
}

/** Anything unexpected reads as nothing. */
export function readEffectiveAccess(body: unknown): EffectiveAccess {
  const fields = isFields(body) ? body : {}
  const items = Array.isArray(fields.items) ? fields.items.filter(isFields) : []
  return {
    isAdmin: fields.is_admin === true,
    items: items.flatMap((item) => {
      const [type, id] = [textField(item.resource_type), textField(item.resource_id)]
      const via = Array.isArray(item.via_groups) ? item.via_groups.filter(isFields) : []
      const groups = via.flatMap(({group_name: name}) => textField(name) ?? [])
      return type === null || id === null ? [] : [{type, id, groups}]
    }),
  }
}

/** Names of the groups that bring it. */
export function grantsIn({items}: EffectiveAccess, type: string, id: string): string[] {
  return items.filter((item) => item.type === type && item.id === id).flatMap((item) => item.groups)
}
