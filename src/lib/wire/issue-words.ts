import type {z} from 'zod/mini'

/** What a value should have been, to be said after its name: `must be number`. */
export function issueWords(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${issue.expected}`
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`
    case 'too_big':
      return `is over its limit of ${issue.maximum}`
    case 'too_small':
      return `is below its least of ${issue.minimum}`
    default:
      return 'is not valid'
  }
}
