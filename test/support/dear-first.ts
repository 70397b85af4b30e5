import {statSync} from 'node:fs'
import {BaseSequencer, type TestSpecification} from 'vitest/node'

/**
 * Files in the order of their price, so that all workers finish at about the same time: the slow ones,
 * others with a process of their own, those that start processes, the rest. Files that share a process
 * stay together.
 */
export class DearFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ranked = files.map((file) => ({file, rank: rankOf(file), ...statSync(file.moduleId)}))
    ranked.sort(
      (a, b) =>
        a.rank - b.rank ||
        a.file.project.name.localeCompare(b.file.project.name) ||
        b.size - a.size ||
        a.file.moduleId.localeCompare(b.file.moduleId),
    )
    return ranked.map(({file}) => file)
  }
}

function rankOf({moduleId, project}: TestSpecification): number {
  if (moduleId.endsWith('.slow.test.ts')) return 0
  if (project.config.isolate) return 1
  return moduleId.endsWith('.e2e.test.ts') ? 2 : 3
}
