import type {AccessAction, AccessPlan, KeptThing, ThingKind} from './access-model.js'
import {byText} from './field-values.js'
import {invalid, type FileProblem} from './file-problems.js'

/** What has to be there first comes first; what goes, goes the other way round. */
const ORDER: readonly ThingKind[] = ['user', 'group', 'member', 'table', 'grant', 'metric']

/** A plan while it is made. */
export class PlanDraft {
  readonly actions: AccessAction[] = []
  private readonly keys = new Set<string>()
  private readonly kept: KeptThing[] = []
  private readonly notices: string[] = []
  private readonly problems: FileProblem[] = []

  /** The first of two for the same thing counts. */
  add(action: AccessAction): void {
    if (this.keys.has(action.key)) return
    this.keys.add(action.key)
    this.actions.push(action)
  }

  keep(thing: KeptThing): void {
    this.kept.push(thing)
  }

  notice(sentence: string): void {
    this.notices.push(sentence)
  }

  refuse(line: number, message: string): void {
    this.problems.push({line, message})
  }

  /** Throws when the file asks for what cannot be (`UsageError`, code `invalid_access_file`). */
  finish(path: string): AccessPlan {
    if (this.problems.length > 0) throw invalid(path, this.problems)
    return {
      actions: this.actions.sort(byText(placeOf)),
      kept: this.kept,
      notices: this.notices,
    }
  }
}

function placeOf({verb, kind, key}: AccessAction): string {
  const at = ORDER.indexOf(kind)
  return verb === 'remove' ? `1${9 - at}${key}` : `0${at}${key}`
}
