import {TooLargeError} from '../errors.js'

/** Code of the error with which a pull that would fetch too much ends. */
export const OVER_LIMIT = 'over_max_bytes'

/** For `PullOptions.onPlanned`: nothing is changed when more than `maxBytes` would be fetched. */
export function refuseOver(maxBytes: number): (plan: {bytes: number}) => void {
  return ({bytes}) => {
    if (bytes <= maxBytes) return
    throw new TooLargeError(
      `This pull would fetch ${bytes} bytes, more than the ${maxBytes} allowed. Nothing was changed.`,
      {
        code: OVER_LIMIT,
        hint: 'See what is so big with `agnes pull --plan`, or allow more with --max-bytes.',
        details: {bytes, maxBytes},
      },
    )
  }
}
