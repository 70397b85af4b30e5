import {countField, isFields, textField, type Fields} from './read-fields.js'

/** `GET /api/catalog/profile/{id}`: open-ended, so only what every version names is read here. */
export interface ServerProfile {
  rowCount: number | null
  /** The server looked at a part of the rows only. */
  sampled: boolean
  /** As sent. */
  profiledAt: string | null
  columns: {
    name: string
    type: string
    nulls: number | null
    distinct: number | null
    min: string | null
    max: string | null
    mean: number | null
  }[]
}

/** `undefined` for an answer that profiles nothing, such as one an access policy emptied. */
export function readProfile(body: unknown): ServerProfile | undefined {
  if (!isFields(body) || !Array.isArray(body.columns) || body.policy_restricted === true)
    return undefined
  return {
    rowCount: countField(body.row_count),
    sampled: body.sampled === true,
    profiledAt: textField(body.profiled_at),
    columns: body.columns.filter(isFields).map(readColumn),
  }
}

function readColumn(column: Fields): ServerProfile['columns'][number] {
  const numeric = isFields(column.numeric_stats) ? column.numeric_stats : {}
  const texts = isFields(column.string_stats) ? column.string_stats : {}
  const first = (key: string) => column[key] ?? numeric[key] ?? texts[key]
  const mean = first('mean')
  return {
    name: typeof column.name === 'string' ? column.name : '',
    type: textField(column.type) ?? '',
    nulls: countField(column.null_count),
    distinct: countField(column.unique_count),
    min: scalarText(first('min')),
    max: scalarText(first('max')),
    mean: typeof mean === 'number' ? mean : null,
  }
}

function scalarText(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}
