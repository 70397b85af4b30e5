import {IntegrityError} from '../errors.js'

export function notArrow(why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`The answer is not a readable Arrow stream: ${why}.`, {
    code: 'not_arrow',
    hint: 'Run the command again. A proxy may have changed the answer on its way.',
    ...(cause === undefined ? {} : {cause}),
  })
}
