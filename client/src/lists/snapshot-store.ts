import { createLeavableIterator } from '../environment/leavable-iterator.ts'
import { linkAbortSignals } from '../environment/link-abort-signals.ts'
import type { SegueError } from '../segue-error.ts'
import { toSegueError } from '../to-segue-error.ts'
import { ListenerSet } from './listener-set.ts'

/** A value that changes: what `useSyncExternalStore` of React and others take. */
export interface SnapshotSource<Snapshot> {
  /** Calls `listener` after each change, until the returned function is called. The first listener starts the source. */
  subscribe(listener: () => void): () => void
  /** The current value: the same object until something changes. */
  getSnapshot(): Snapshot
}

interface FailableSnapshot {
  readonly isLoading: boolean
  /** Why a source has ended: null while it runs. */
  readonly error: SegueError | null
}

/** Keeps a value up to date while anybody listens. Its methods can be passed on without the object. */
export class SnapshotStore<Snapshot extends FailableSnapshot>
  implements SnapshotSource<Snapshot>, AsyncIterable<Snapshot>
{
  readonly #run: (signal: AbortSignal) => Promise<void>
  readonly #closing: AbortSignal
  readonly #listeners = new ListenerSet(
    () => {
      if (!this.#running) void this.#start()
    },
    () => {
      this.#running?.abort()
      this.#running = null
    },
  )
  #snapshot: Snapshot
  #running: AbortController | null = null

  /**
   * @param run Sets snapshots until the signal is aborted. What it throws becomes the error of the snapshot, and aborts the
   * signal.
   */
  constructor(initial: Snapshot, run: (signal: AbortSignal) => Promise<void>, closing: AbortSignal) {
    this.#snapshot = initial
    this.#run = run
    this.#closing = closing
  }

  readonly getSnapshot = (): Snapshot => this.#snapshot

  readonly subscribe = this.#listeners.add

  /** What it has is up to date now. Does nothing after it has failed: what comes in late does not undo that. */
  update(change: Partial<Omit<Snapshot, keyof FailableSnapshot>>): void {
    if (this.#running?.signal.aborted) return
    this.#set({ ...this.#snapshot, ...change, isLoading: false, error: null })
  }

  /** The current value, then the newest one whenever it has changed. Throws its error; ends when the client is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Snapshot> {
    return createLeavableIterator((leaving) => this.#iterate(leaving), [this.#closing])
  }

  async *#iterate(leaving: AbortSignal): AsyncGenerator<Snapshot, void> {
    let wake = (): void => undefined
    const unsubscribe = this.subscribe(() => wake())
    leaving.addEventListener('abort', () => wake())
    try {
      for (let last: Snapshot | null = null; !leaving.aborted;) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve
        })
        const snapshot = this.#snapshot
        if (snapshot.error) throw snapshot.error
        if (snapshot === last) await changed
        else yield (last = snapshot)
      }
    } finally {
      unsubscribe()
    }
  }

  async #start(): Promise<void> {
    const running = new AbortController()
    this.#running = running
    // What was refused before is asked again.
    if (this.#snapshot.error) this.#snapshot = { ...this.#snapshot, isLoading: true, error: null }
    const unlink = linkAbortSignals(running, [this.#closing])
    try {
      await this.#run(running.signal)
    } catch (cause) {
      if (!running.signal.aborted) this.#set({ ...this.#snapshot, isLoading: false, error: toSegueError(cause) })
    } finally {
      // Ends what still runs after a failure.
      running.abort()
      unlink()
    }
  }

  #set(snapshot: Snapshot): void {
    this.#snapshot = snapshot
    this.#listeners.notify()
  }
}
