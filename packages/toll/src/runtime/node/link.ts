// The main thread's end of a worker thread: numbered calls, typed errors when the worker dies, and no hold on the
// process while idle.

import { Worker } from 'node:worker_threads'
import { TollError, messageOf } from '../../base/index.js'
import { acquire } from './mutex.js'
import { receiveError, type Answer, type Call } from './protocol.js'
import type { WorkerScript } from './worker-script.js'

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: TollError) => void
}

/** The locks of all workers that run. */
const inside = new Set<Int32Array<SharedArrayBuffer>>()

/** Milliseconds that a process waits for a run when it leaves. */
const patience = 60_000

// A thread that is ended while it is inside the library takes the process with it: it would end by SIGABRT, whatever
// its exit code was to be. So the process waits for what runs, and lets nothing begin.
process.on('exit', () => {
  for (const lock of inside) acquire(lock, patience)
})

export class WorkerLink {
  readonly #worker: Worker
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  readonly #inside = new Int32Array(new SharedArrayBuffer(4))
  readonly #pending = new Map<number, Pending>()
  readonly #gone: Promise<void>
  #next = 0
  #failure: unknown
  /** Why no more calls are taken. */
  #ended: TollError | undefined

  /** Starts the script; it gets `settings`, the shared flag that `close` sets (`stop`) and a lock (`inside`). */
  constructor(script: WorkerScript, settings: object) {
    // The flags of `node --input-type=module --eval` or of a loader would keep the worker from starting.
    this.#worker = new Worker(script instanceof URL ? script : script.source, {
      name: 'toll-engine',
      eval: !(script instanceof URL),
      execArgv: [],
      workerData: { ...settings, stop: this.#stop.buffer, inside: this.#inside.buffer },
    })
    inside.add(this.#inside)
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', (error) => {
      this.#failure = error
    })
    this.#gone = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        inside.delete(this.#inside)
        const cause = this.#failure
        const message =
          "the engine's worker thread stopped: " +
          `${cause === undefined ? `it exited with code ${code}` : messageOf(cause)}` +
          '; open a new engine'
        this.#fail(new TollError('engine-stopped', message, { cause }))
        resolve()
      })
    })
  }

  /** Calls a method of the worker. The buffers in `move` become the worker's. */
  call<T>(call: Omit<Call, 'id'>, move: readonly ArrayBuffer[] = []): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended)
    return this.#send(call, move) as Promise<T>
  }

  /**
   * Fails what is pending with `aborted`, lets the worker free its things after the run it is in, and waits for its
   * end.
   */
  async close(): Promise<void> {
    if (!this.#ended) {
      Atomics.store(this.#stop, 0, 1)
      this.#fail(new TollError('aborted', 'the engine was closed'))
      // A worker that dies over this is gone as well.
      await this.#send({ method: 'shutDown' }, []).catch(() => {})
    }
    this.#worker.ref()
    await this.#gone
  }

  #send(call: Omit<Call, 'id'>, move: readonly ArrayBuffer[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#next++
      this.#worker.postMessage({ ...call, id } satisfies Call, move)
      this.#pending.set(id, { resolve, reject })
      if (this.#pending.size === 1) this.#worker.ref()
    })
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    if (this.#pending.size === 0) this.#worker.unref()
    if ('error' in answer) pending.reject(receiveError(answer.error))
    else pending.resolve(answer.value)
  }

  #fail(error: TollError): void {
    this.#ended ??= error
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    this.#worker.unref()
    for (const { reject } of pending) reject(error)
  }
}
