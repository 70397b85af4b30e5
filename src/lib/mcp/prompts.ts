import {packageRoot} from '../config/paths.js'
import {MissingError, UnexpectedError} from '../errors.js'
import {sanitize} from '../present/sanitize.js'
import type {McpSurroundings} from './tool.js'

const NAME = 'answer_from_data'
const TEMPLATE = 'templates/mcp-protocol.md'
const LONGEST_QUESTION = 4_000

export function listPrompts() {
  return [
    {
      name: NAME,
      description: 'How to go from a question to an answer with these tools, within the rails.',
      arguments: [{name: 'question', description: 'What to find out', required: false}],
    },
  ]
}

export async function getPrompt(
  name: string,
  given: Readonly<Record<string, unknown>>,
  around: McpSurroundings,
) {
  if (name !== NAME) throw new MissingError('There is no such prompt.', {code: 'prompt_unknown'})
  const text = await around.filesAt(packageRoot()).readText(TEMPLATE)
  if (text === undefined)
    throw new UnexpectedError(`The installation lacks ${TEMPLATE}.`, {code: 'template_missing'})
  const question = typeof given.question === 'string' ? sanitize(given.question).trim() : ''
  const asked = question === '' ? '' : `\nThe question: ${question.slice(0, LONGEST_QUESTION)}\n`
  return {
    description: 'From a question to an answer, within the rails.',
    messages: [{role: 'user' as const, content: {type: 'text' as const, text: text + asked}}],
  }
}
