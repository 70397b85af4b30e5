import {Worker} from 'node:worker_threads'
import {IntegrityError, UnexpectedError} from '../errors.js'
import type {FileHash, Hasher} from '../ports/hasher.js'
import {hashingProgram} from './worker-hasher-source.js'

type Answer = {id: number; digest?: string; short?: number; failure?: string}

interface Job {
  path: string
  outcome: Promise<string>
  settle(answer: Answer): void
}

/** One thread for all files, started by the first and gone with `close`. */
export class WorkerHasher implements Hasher {
  private worker: Worker | undefined
  private readonly jobs = new Map<number, Job>()
  private nextId = 1
  private isClosed = false

  begin(path: string): FileHash {
    if (this.isClosed) throw new UnexpectedError('The hasher is closed.')
    const worker = (this.worker ??= this.start())
    const id = this.nextId++
    const job = openJob(path)
    this.jobs.set(id, job)
    // Keeps the process alive exactly while somebody may be waiting.
    worker.ref()
    const forget = () => {
      if (this.jobs.has(id)) worker.postMessage({id, kind: 'cancel'})
      this.forget(id)
    }
    return {
      extend: (length) =>
        void (this.jobs.has(id) && worker.postMessage({id, kind: 'extend', path, length})),
      digest: (length) => {
        if (this.jobs.has(id)) worker.postMessage({id, kind: 'digest', path, length})
        return job.outcome
      },
      cancel: () => {
        job.settle({id, failure: 'cancelled'})
        forget()
      },
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.failAll('the hashing thread was stopped')
    const worker = this.worker
    this.worker = undefined
    await worker?.terminate()
  }

  private start(): Worker {
    const worker = new Worker(hashingProgram, {
      eval: true,
      execArgv: [],
      resourceLimits: {maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 16},
    })
    worker.unref()
    worker.on('message', (answer: Answer) => {
      this.jobs.get(answer.id)?.settle(answer)
      this.forget(answer.id)
    })
    worker.on('error', (error) => this.failAll(error.message))
    worker.on('exit', () => {
      this.failAll('the hashing thread ended')
      if (this.worker === worker) this.worker = undefined
    })
    return worker
  }

  private forget(id: number): void {
    this.jobs.delete(id)
    if (this.jobs.size === 0) this.worker?.unref()
  }

  private failAll(failure: string): void {
    for (const [id, job] of this.jobs) job.settle({id, failure})
    this.jobs.clear()
  }
}

function openJob(path: string): Job {
  let settle!: Job['settle']
  const outcome = new Promise<string>((resolve, reject) => {
    settle = ({digest, short, failure}) => {
      if (digest !== undefined) resolve(digest)
      else if (short !== undefined)
        reject(
          new IntegrityError(
            `${path} ends after ${short} bytes, before what was written into it.`,
            {
              code: 'file_too_short',
              details: {path, bytes: short},
            },
          ),
        )
      else reject(new UnexpectedError(`${path} could not be hashed: ${failure}.`))
    }
  })
  // A hash may fail before anybody asks for it; the asker still gets the failure.
  outcome.catch(() => undefined)
  return {path, outcome, settle}
}
