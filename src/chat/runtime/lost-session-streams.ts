import type { EventStore } from '../../storage/event-store.ts'
import type { ActiveTurn } from './active-turn.ts'
import type { QueuedStreams } from './queue/queued-streams.ts'

export interface LostSessionStreamsOptions {
  readonly store: Pick<EventStore, 'listOwnStreamIds'>
  readonly turn: ActiveTurn
  readonly queue: QueuedStreams
  /** Called for each that was queued. */
  readonly onStreamLost: (streamId: string) => void
}

/** The streams of one session that run or are queued here, though another process has ended them or taken them over. */
export class LostSessionStreams {
  readonly #options: LostSessionStreamsOptions
  #mayExist = false

  constructor(options: LostSessionStreamsOptions) {
    this.#options = options
  }

  /** Another process has written to the session: the next `leaveIfAny` looks for them. */
  suspect(): void {
    this.#mayExist = true
  }

  /** Leaves them. Nothing may change the session meanwhile. */
  async leaveIfAny(): Promise<void> {
    if (!this.#mayExist) return
    const { turn, queue, store } = this.#options
    const ids = [turn.stream, ...queue.list()].flatMap((stream) => stream?.id ?? [])
    this.#mayExist = false
    const lostIds = await findLostStreams(ids, store).catch((error: unknown) => {
      this.#mayExist = true
      throw error
    })
    await turn.leave(lostIds)
    this.#leaveQueued(lostIds)
  }

  /** Leaves those that are queued: a change of the queue is composed again without them. */
  async leaveQueued(): Promise<void> {
    const { queue, store } = this.#options
    const ids = queue.list().map(({ id }) => id)
    this.#leaveQueued(await findLostStreams(ids, store))
  }

  #leaveQueued(lostIds: ReadonlySet<string>): void {
    const { queue, onStreamLost } = this.#options
    for (const { id } of queue.list()) if (lostIds.has(id)) onStreamLost(id)
    queue.forget(lostIds)
  }
}

/** Which of these streams, that run or are queued here, another process has ended or taken over. */
export async function findLostStreams(
  ids: readonly string[],
  store: Pick<EventStore, 'listOwnStreamIds'>,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const own = new Set(await store.listOwnStreamIds(ids))
  return new Set(ids.filter((id) => !own.has(id)))
}
