import { ConnectionLostError } from './connection/connection-lost-error.ts'
import type { ConnectionObserver } from './connection/connection-observer.ts'
import { ListenerSet } from './lists/listener-set.ts'
import type { SnapshotSource } from './lists/snapshot-store.ts'
import { SegueError } from './segue-error.ts'

/** Whether the server can be reached, as far as the client knows. */
export interface ConnectionSnapshot {
  /** The connection of an iteration, a list or a request was lost, and nothing has arrived since. False before anything is sent. */
  readonly isLost: boolean
}

/** Knows whether a client has lost its server. */
export class ConnectionMonitor implements ConnectionObserver, SnapshotSource<ConnectionSnapshot> {
  readonly #onLost: ((error: Error) => void) | undefined
  readonly #listeners = new ListenerSet()
  #snapshot: ConnectionSnapshot = { isLost: false }

  /** @param onLost Is called with each loss. */
  constructor(onLost: ((error: Error) => void) | undefined) {
    this.#onLost = onLost
  }

  readonly subscribe = this.#listeners.add

  readonly getSnapshot = (): ConnectionSnapshot => this.#snapshot

  readonly report = (error: unknown): void => {
    const isLost = error instanceof ConnectionLostError
    // Anything else, such as the reason of a signal, says nothing of the server.
    const isKnown = isLost || error === null || error instanceof SegueError
    if (isKnown && isLost !== this.#snapshot.isLost) {
      this.#snapshot = { isLost }
      this.#listeners.notify()
    }
    if (isLost) this.#onLost?.(error)
  }
}
