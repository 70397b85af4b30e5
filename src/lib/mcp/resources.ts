import {MissingError} from '../errors.js'
import type {Call, Desk} from './call-tool.js'

/** What can be read without a call, each by the tool that gives the same. */
const RESOURCES = {
  'agnes://catalog': {
    name: 'catalog',
    description: 'The tables you may ask, and where each one is.',
    tool: 'catalog',
  },
  'agnes://metrics': {
    name: 'metrics',
    description: 'Business metrics that people agreed on.',
    tool: 'metrics',
  },
} as const

export function listResources() {
  return Object.entries(RESOURCES).map(([uri, {name, description}]) => ({
    ...{uri, name, description, mimeType: 'application/json'},
  }))
}

/** A failed read is the tool's own failure document: readers of resources have no other place for advice. */
export async function readResource(
  uri: string,
  {desk, ...call}: {desk: Desk} & Omit<Call, 'name' | 'input'>,
  signal: AbortSignal,
) {
  if (!Object.hasOwn(RESOURCES, uri))
    throw new MissingError('There is no such resource.', {code: 'resource_unknown'})
  const {tool} = RESOURCES[uri as keyof typeof RESOURCES]
  const {callTool} = await import('./call-tool.js')
  const result = await callTool(desk, {...call, name: tool, input: {}}, signal)
  return {contents: [{uri, mimeType: 'application/json', text: result.content[0]!.text}]}
}
