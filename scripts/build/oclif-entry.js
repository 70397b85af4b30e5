// What commands use of oclif. In the bundle it takes the place of '@oclif/core', whose own entry
// loads everything there is; help, discovery and the runner are imported where they are needed.
export {Command} from '@oclif/core/command'
export * as Args from '@oclif/core/args'
export * as Errors from '@oclif/core/errors'
export * as Flags from '@oclif/core/flags'
