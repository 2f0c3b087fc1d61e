import { getDeltaText, isDelta } from '../../model/fold/delta.ts'
import type { AppendRequest, EventStore } from '../../storage/event-store.ts'

/** What one transaction holds at most of the appends of several streams, so that it delays nothing else for long. */
const groupLimits = { appends: 64, codeUnits: 262_144 }

interface WaitingAppend {
  readonly requests: readonly AppendRequest[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Commits the deltas that arrive in one turn of the event loop in one transaction. What changes more than text is committed at
 * once, with the deltas that wait: no request is served between the end of a stream and the start of the next one.
 */
export class GroupCommitter {
  readonly #store: Pick<EventStore, 'appendAll'>
  readonly #onCommitted: (durationMs: number) => void
  #waiting: WaitingAppend[] = []

  /** `onCommitted` is called with the duration of each transaction. */
  constructor(store: Pick<EventStore, 'appendAll'>, onCommitted: (durationMs: number) => void) {
    this.#store = store
    this.#onCommitted = onCommitted
  }

  /** Appends to the logs of several sessions, all of it or nothing. Rejects as the store does. */
  append(requests: readonly AppendRequest[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ requests, resolve, reject })
    if (!requests.every(hasOnlyDeltas)) void this.#commitWaiting()
    else if (this.#waiting.length === 1) setImmediate(() => void this.#commitWaiting())
    return promise
  }

  async #commitWaiting(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    for (const group of splitIntoGroups(waiting)) await this.#commitGroup(group)
  }

  async #commitGroup(group: readonly WaitingAppend[]): Promise<void> {
    try {
      await this.#commit(group.flatMap(({ requests }) => requests))
      for (const { resolve } of group) resolve()
    } catch (error) {
      if (group.length === 1) return group[0]?.reject(error)
      // One of them is at fault. The others must not fail with it.
      for (const { requests, resolve, reject } of group) await this.#commit(requests).then(resolve, reject)
    }
  }

  async #commit(requests: readonly AppendRequest[]): Promise<void> {
    const startedAt = performance.now()
    try {
      await this.#store.appendAll(requests)
    } finally {
      this.#onCommitted(performance.now() - startedAt)
    }
  }
}

const hasOnlyDeltas = ({ events }: AppendRequest): boolean => events.length > 0 && events.every(isDelta)

function splitIntoGroups(waiting: readonly WaitingAppend[]): (readonly WaitingAppend[])[] {
  if (waiting.length === 1) return [waiting]
  const groups: WaitingAppend[][] = []
  let codeUnits = 0
  for (const append of waiting) {
    const size = append.requests.reduce((sum, { events }) => sum + countDeltaCodeUnits(events), 0)
    const group = groups.at(-1)
    if (group && group.length < groupLimits.appends && codeUnits + size <= groupLimits.codeUnits) {
      group.push(append)
      codeUnits += size
    } else {
      groups.push([append])
      codeUnits = size
    }
  }
  return groups
}

function countDeltaCodeUnits(events: AppendRequest['events']): number {
  return events.reduce((sum, event) => sum + (isDelta(event) ? getDeltaText(event).length : 0), 0)
}
