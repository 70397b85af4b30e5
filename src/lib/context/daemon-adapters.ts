import {childJobRunner} from '../adapters/child-job-runner.js'
import {logFile} from '../adapters/log-file.js'
import {systemMachine} from '../adapters/system-machine.js'
import {backgroundEnvironment} from '../config/env.js'
import type {Clock} from '../ports/clock.js'
import type {JobRunner} from '../ports/job-runner.js'
import type {Logger} from '../ports/logger.js'
import type {Machine} from '../ports/machine.js'

/** What only the daemon itself needs. */
export interface DaemonAdapters {
  jobs: JobRunner
  machine: Machine
  logTo(path: string): Logger
}

export function openDaemonAdapters(clock: Clock): DaemonAdapters {
  return {
    jobs: childJobRunner(backgroundEnvironment()),
    machine: systemMachine(),
    logTo: (path) => logFile(path, clock),
  }
}
