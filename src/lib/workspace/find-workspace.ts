import {dirname, resolve} from 'node:path'
import {MissingError} from '../errors.js'

/** How the workspace was chosen; printed so that nobody wonders which data answered. */
export type WorkspaceSource = 'flag' | 'AGNES_LOCAL_DIR' | 'folder' | 'registered'

export interface FoundWorkspace {
  /** Absolute. */
  root: string
  source: WorkspaceSource
}

export interface FindWorkspaceInput {
  /** `--workspace`. */
  flag: string | undefined
  localDir: string | undefined
  currentDir: string
  /** Registered workspaces, newest last. */
  registered: () => Promise<readonly string[]>
  /** True for a folder that `init` has finished, or that the reference client made. */
  isWorkspace: (path: string) => Promise<boolean>
}

/** The one resolver: flag, AGNES_LOCAL_DIR, nearest parent that is a workspace, newest registered. */
export async function findWorkspace(input: FindWorkspaceInput): Promise<FoundWorkspace> {
  if (input.flag !== undefined) return named(input, input.flag, 'flag')
  if (input.localDir !== undefined) return named(input, input.localDir, 'AGNES_LOCAL_DIR')
  for (let folder = resolve(input.currentDir); ; folder = dirname(folder)) {
    if (await input.isWorkspace(folder)) return {root: folder, source: 'folder'}
    if (folder === dirname(folder)) break
  }
  for (const path of [...(await input.registered())].reverse())
    if (await input.isWorkspace(path)) return {root: path, source: 'registered'}
  throw new MissingError('No workspace found: this folder and its parents are not one.', {
    code: 'no_workspace',
    hint: 'Create one with `agnes init DIR --server-url URL`, or name one with --workspace DIR.',
    details: {currentDir: input.currentDir},
  })
}

async function named(
  input: FindWorkspaceInput,
  path: string,
  source: WorkspaceSource,
): Promise<FoundWorkspace> {
  const root = resolve(input.currentDir, path)
  if (await input.isWorkspace(root)) return {root, source}
  throw new MissingError(`${root} is not an agnes workspace.`, {
    code: 'no_workspace',
    hint: `Create one there with \`agnes init ${path} --server-url URL\`.`,
    details: {path: root, source},
  })
}
