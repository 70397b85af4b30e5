import type {Env} from '../../config/env.js'
import {homeDirectory, ownLauncher, packageRoot, thisSystem} from '../../config/paths.js'
import type {Files} from '../../ports/files.js'
import type {Programs} from '../../ports/programs.js'
import type {ServiceDeps} from './install-service.js'

/** The part of the composition root that installing the service needs. */
export interface ServiceContext {
  env: Env
  config: Files
  filesAt(root: string): Files
  programs(): Promise<Programs>
}

export function openService(context: ServiceContext): ServiceDeps {
  const {env, config} = context
  const facts = {
    ...thisSystem(),
    ...ownLauncher(),
    configDir: config.root,
    home: homeDirectory(env),
    xdgConfigHome: env.xdgConfigHome,
  }
  return {
    facts,
    shipped: context.filesAt(packageRoot()),
    filesAt: (root) => context.filesAt(root),
    programs: () => context.programs(),
  }
}
