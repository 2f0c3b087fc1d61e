import { ListenerSet } from '../lists/listener-set.ts'
import type { SnapshotSource } from '../lists/snapshot-store.ts'

/** Keeps what was shown, such as in IndexedDB, so that it can be read again before the server answers, and without one. */
export interface SnapshotStorage {
  /**
   * What was written last with a key. Null or undefined if there is nothing.
   *
   * @typeParam Snapshot What was written with keys of this kind.
   */
  read<Snapshot extends object>(key: string): Promise<Snapshot | null | undefined>
  /** Is called with each change: write the newest one after a while. The structured clone algorithm can clone it. */
  write(key: string, snapshot: object): void
}

interface LoadedSnapshot {
  readonly isLoading: boolean
  readonly error: Error | null
}

/** Shows what is stored of a source until that has something, and stores what it has. */
export class StoredSource<Snapshot extends LoadedSnapshot> implements SnapshotSource<Snapshot> {
  readonly #source: SnapshotSource<Snapshot>
  readonly #storage: SnapshotStorage
  readonly #key: string
  readonly #toStored: (snapshot: Snapshot) => Snapshot
  readonly #listeners: ListenerSet
  #stored: Snapshot | null = null
  #unsubscribe: (() => void) | null = null

  /** @param toStored What is stored of a snapshot. Default: all of it. */
  constructor(
    source: SnapshotSource<Snapshot>,
    storage: SnapshotStorage,
    key: string,
    toStored = (snapshot: Snapshot): Snapshot => snapshot,
  ) {
    this.#source = source
    this.#storage = storage
    this.#key = key
    this.#toStored = toStored
    this.#listeners = new ListenerSet(
      () => this.#start(),
      () => {
        this.#unsubscribe?.()
        this.#unsubscribe = null
      },
    )
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener)

  readonly getSnapshot = (): Snapshot => {
    const snapshot = this.#source.getSnapshot()
    return snapshot.isLoading && this.#stored ? this.#stored : snapshot
  }

  #start(): void {
    if (this.#unsubscribe) return
    this.#unsubscribe = this.#source.subscribe(() => {
      const snapshot = this.#source.getSnapshot()
      if (!snapshot.isLoading && !snapshot.error) this.#storage.write(this.#key, this.#toStored(snapshot))
      this.#listeners.notify()
    })
    if (this.#source.getSnapshot().isLoading) void this.#restore()
  }

  async #restore(): Promise<void> {
    const stored = await this.#storage.read<Snapshot>(this.#key)
    if (!stored || !this.#source.getSnapshot().isLoading) return
    this.#stored = stored
    this.#listeners.notify()
  }
}
