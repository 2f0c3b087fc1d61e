import type { SegmentLists } from '../../storage/sqlite/conversation-index/conversation-index-reader.ts'
import type { ChangedConversation } from '../../storage/session-reader.ts'
import { HermesIndex, type HermesIndexOptions } from './index-synchronizer.ts'
import { IndexFault } from './index-store.ts'
import type { FoundSession } from '../state/session-queries.ts'
import type { OpenFile, StateFile } from '../state/state-database.ts'
import { Sweep } from './full-scan.ts'

const restarts = 20 // a file under heavy writing must not keep a page for ever

/** A file that can be read, and the index of its sessions, which is up to it. */
export interface Listed {
  readonly file: OpenFile
  /**
   * A list of the index, once every session on it was looked at: where the index was wrong about one, which may belong
   * elsewhere then, the list is read again.
   */
  check<T>(
    list: (lists: SegmentLists) => T[],
    idsOf: (listed: readonly T[]) => readonly string[],
  ): { readonly listed: readonly T[]; readonly found: readonly FoundSession[] }
  read<T>(work: (lists: SegmentLists) => T): T
}

/** The lists of a state.db: keeps its index up, when somebody asks and in between, and tells of what has changed. */
export class HermesLists {
  readonly #file: StateFile
  readonly #index: HermesIndex
  readonly #sweep: Sweep
  readonly #onChanged: HermesIndexOptions['onChanged']
  /** Nobody needs the index of those who are asked for by their ids alone. */
  #isAsked = false
  #wasThere: boolean
  /** What has changed and was not told yet: all that one look finds is told at once. */
  #changed: ChangedConversation[] | null = []

  constructor(file: StateFile, profile: string, options: HermesIndexOptions) {
    this.#file = file
    this.#wasThere = file.isThere
    this.#onChanged = options.onChanged
    const onChanged: HermesIndexOptions['onChanged'] = (changed) =>
      (this.#changed = changed && this.#changed && [...this.#changed, ...changed])
    this.#index = new HermesIndex(profile, { ...options, onChanged })
    this.#sweep = new Sweep(this.#index)
  }

  /** What `work` reads, or `empty` when the file can't be read. */
  read<T>(empty: T, work: (listed: Listed) => T): T {
    this.#isAsked = true
    const answer = this.#file.read(empty, (file) =>
      this.#withIndex(() => {
        if (this.#index.follow(file)) this.#sweep.ask()
        return work({
          file,
          check: (list, idsOf) => this.#check(file, list, idsOf),
          read: (reading) => this.#index.read(reading),
        })
      }),
    )
    this.#tell()
    return answer
  }

  /** Lists will be asked for: `tend` gets ready for them. */
  warmUp(): void {
    this.#isAsked = true
  }

  /** Looks for changes in the file that are easily missed, for a few milliseconds; true when there is more to look at. */
  tend(): boolean {
    if (!this.#isAsked) return false
    // With the file go all of its conversations.
    const { isThere } = this.#file
    if (isThere !== this.#wasThere) this.lose()
    this.#wasThere = isThere
    const more = this.#file.attempt(false, (file) =>
      this.#withIndex(() => {
        if (this.#index.build(file)) return true
        if (this.#index.follow(file)) this.#sweep.ask()
        return this.#sweep.step(file)
      }),
    )
    this.#tell()
    return more
  }

  /** Any conversation may have changed: what was told of them meanwhile need not be so. */
  lose(): void {
    this.#changed = null
  }

  #tell(): void {
    if (this.#changed?.length !== 0) this.#onChanged(this.#changed)
    this.#changed = []
  }

  /** The index is ours, and can be made anew: its faults are not the file's. */
  #withIndex<T>(work: () => T): T {
    for (let left = 2; ; left--) {
      try {
        return work()
      } catch (error) {
        if (!(error instanceof IndexFault) || left === 0) throw error
        this.#index.anew()
      }
    }
  }

  #check<T>(file: OpenFile, list: (lists: SegmentLists) => T[], idsOf: (listed: readonly T[]) => readonly string[]) {
    for (let left = restarts; ; left--) {
      const listed = this.#index.read(list)
      const { found, changed } = this.#index.check(file, idsOf(listed))
      if (!changed || left === 0) return { listed, found }
    }
  }
}
