import type { Logger } from '../../lib/logger.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { ChangeNotifier } from '../../storage/change-notifier.ts'
import type { BackgroundDeltaCoalescer } from '../log/background-delta-coalescer.ts'
import { isStreamAlreadyEnded } from '../streaming/is-stream-already-ended.ts'
import { type EndedLeftStream, endLeftStream, type LeftStreamDependencies } from './end-left-stream.ts'
import type { LostStreams } from './lost-streams.ts'
import { type QueueResumptionDependencies, resumeQueue } from './resume-queue.ts'

export interface StreamRecoveryOptions extends LeftStreamDependencies, QueueResumptionDependencies {
  readonly lostStreams: Pick<LostStreams, 'leave'>
  /** Notified when `run` has something to do. */
  readonly orphans: Pick<ChangeNotifier, 'notify'>
  readonly backgroundCoalescer: Pick<BackgroundDeltaCoalescer, 'schedule'>
  readonly log: Logger
}

/** What became of the streams of a session: how many have ended, and which are queued. */
interface EndedStreams {
  readonly count: number
  readonly queued: readonly StreamRecord[]
}

/** Ends the streams that other processes have left running, as INTERRUPTED, and goes on with those that were queued. */
export class StreamRecovery {
  readonly #options: StreamRecoveryOptions
  readonly #reservations = new Set<{ readonly sessionId: string }>()

  constructor(options: StreamRecoveryOptions) {
    this.#options = options
  }

  /**
   * Recovers what is left now, and what could not be recovered before: first all streams end. Resolves to their number. Rejects with
   * the first error, after the sessions without one.
   */
  async run(): Promise<number> {
    // This process may have lost its own lease, and then takes over what it had itself.
    await this.#options.lostStreams.leave(null)
    const left = Map.groupBy(await this.#claim(), ({ sessionId }) => sessionId)
    const errors: unknown[] = []
    const attempt = <Result>(work: () => Promise<Result>) => work().catch((error: unknown) => void errors.push(error))
    const ended: EndedStreams[] = []
    for (const streams of left.values()) {
      const result = await attempt(() => this.#endAll(streams))
      if (result) ended.push(result)
    }
    for (const { queued } of ended) await attempt(() => resumeQueue(queued, this.#options))
    if (errors.length > 0) throw errors[0]
    return ended.reduce((sum, { count }) => sum + count, 0)
  }

  /**
   * Leaves the streams of a session to `work`, which takes them over. If it fails, `run` is to end what this process owns then.
   */
  async leaveTo<Result>(sessionId: string, work: () => Promise<Result>): Promise<Result> {
    const reservation = { sessionId }
    this.#reservations.add(reservation)
    try {
      return await work()
    } catch (error) {
      this.#options.orphans.notify()
      throw error
    } finally {
      this.#reservations.delete(reservation)
    }
  }

  /**
   * Makes this process the owner of what is left. Resolves to all streams that it owns, but does not run or have in a queue: also those
   * that could not be ended earlier. In the order of `EventStore.listUnfinishedStreams`.
   */
  async #claim(): Promise<StreamRecord[]> {
    const { store, activeSessions } = this.#options
    await store.claimOrphanedStreams()
    const unfinished = await store.listUnfinishedStreams()
    const reserved = new Set([...this.#reservations].map(({ sessionId }) => sessionId))
    const left = unfinished.filter(({ id, sessionId }) => !activeSessions.findByStream(id) && !reserved.has(sessionId))
    const own = new Set(await store.listOwnStreamIds(left.map(({ id }) => id)))
    return left.filter(({ id }) => own.has(id))
  }

  /** Ends the streams of a session that were running. */
  async #endAll(streams: readonly StreamRecord[]): Promise<EndedStreams> {
    const queued = streams.filter(({ status }) => status === 'QUEUED')
    let count = 0
    for (const stream of streams) {
      const end = stream.status === 'QUEUED' ? null : await this.#end(stream, queued)
      if (!end) continue
      this.#options.backgroundCoalescer.schedule(end.ended)
      queued.unshift(...end.queuedTurns)
      count += 1
    }
    return { count, queued }
  }

  /** Null if someone else has ended it meanwhile. */
  async #end(stream: StreamRecord, queued: readonly StreamRecord[]): Promise<EndedLeftStream | null> {
    try {
      return await endLeftStream(stream, queued, { ...this.#options, status: 'INTERRUPTED', idempotencyKeys: [] })
    } catch (error) {
      if (!isStreamAlreadyEnded(error)) throw error
      this.#options.log.info({ stream: stream.id }, 'Another process has ended a stream that was to be recovered.')
      return null
    }
  }
}
