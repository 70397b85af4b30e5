import {ALL_TOOLS} from './all-tools.js'
import {inputSchemaOf} from './arguments.js'
import {annotationsOf, isAllowed, type Mode} from './policy.js'
import type {JsonSchema} from './tool.js'

/** Exactly what the policy table allows in a mode, with the hints it enforces. */
export function listTools(mode: Mode) {
  return ALL_TOOLS.filter(({name}) => isAllowed(name, mode)).map((tool) => ({
    name: tool.name,
    description: tool.description,
    inputSchema: inputSchemaOf(tool) as JsonSchema & {type: 'object'},
    outputSchema: tool.output as JsonSchema & {type: 'object'},
    annotations: annotationsOf(tool.name),
  }))
}
