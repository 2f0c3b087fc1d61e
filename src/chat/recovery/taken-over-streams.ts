import type { StreamRecord } from '../../model/stream.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import type { BackgroundDeltaCoalescer } from '../log/background-delta-coalescer.ts'
import { isConflict } from '../log/repeat-after-conflicts.ts'
import { EventLogWriter } from '../log/event-log-writer.ts'
import { QueuedStreams } from '../runtime/queue/queued-streams.ts'
import { isStreamAlreadyEnded } from '../streaming/is-stream-already-ended.ts'
import { endLeftStream, type LeftStreamDependencies } from './end-left-stream.ts'
import { type QueueResumptionDependencies, resumeQueue } from './resume-queue.ts'
import type { StreamRecovery } from './stream-recovery.ts'

export interface TakenOverStreamsOptions extends LeftStreamDependencies, QueueResumptionDependencies {
  /** Null where a home belongs to one process: there is nobody to take anything over from. */
  readonly commands: Pick<CommandChannel, 'takeOver'> | null
  readonly recovery: Pick<StreamRecovery, 'leaveTo'>
  readonly backgroundCoalescer: Pick<BackgroundDeltaCoalescer, 'schedule'>
}

/** Cancels streams of processes that live, as far as the others know, but do not answer. */
export class TakenOverStreams {
  readonly #options: TakenOverStreamsOptions

  constructor(options: TakenOverStreamsOptions) {
    this.#options = options
  }

  /**
   * Takes over a stream, and ends it as CANCELLED. If it runs, the queue of its session goes on in this process. Resolves to false
   * if it has ended, or someone else ends it. If it cannot be ended, it is recovered later.
   */
  async cancel(streamId: string, idempotencyKeys: readonly IdempotencyKeyRecord[]): Promise<boolean> {
    const { commands, recovery, store } = this.#options
    const stream = commands && (await store.findStream(streamId))
    if (!stream || stream.finishedAt !== null) return false
    try {
      return await recovery.leaveTo(stream.sessionId, async () =>
        this.#takeOver(streamId, await commands.takeOver(streamId), idempotencyKeys),
      )
    } catch (error) {
      if (isStreamAlreadyEnded(error) || isConflict(error)) return false
      throw error
    }
  }

  async #takeOver(
    streamId: string,
    unfinished: readonly StreamRecord[],
    idempotencyKeys: readonly IdempotencyKeyRecord[],
  ): Promise<boolean> {
    const stream = unfinished.find(({ id }) => id === streamId)
    if (!stream) return false
    const queued = unfinished.filter(({ status }) => status === 'QUEUED')
    if (stream.status === 'QUEUED') await this.#withdraw(stream, queued, idempotencyKeys)
    else await this.#end(stream, queued, idempotencyKeys)
    return true
  }

  async #withdraw(
    stream: StreamRecord,
    queued: readonly StreamRecord[],
    idempotencyKeys: readonly IdempotencyKeyRecord[],
  ): Promise<void> {
    const { sessionId } = stream
    const { eventLog, store } = this.#options
    // The process that has the queue may change it after all.
    const beforeRetry = async (): Promise<void> => {
      const unfinished = await store.listUnfinishedStreams()
      queue.forget(new Set(queue.list().map(({ id }) => id)))
      queue.restore(unfinished.filter((each) => each.sessionId === sessionId && each.status === 'QUEUED'))
    }
    const writer = new EventLogWriter(eventLog, sessionId, { beforeRetry })
    const queue = new QueuedStreams({ ...this.#options, sessionId, writer, takesOver: true })
    queue.restore(queued)
    await queue.withdraw(stream, idempotencyKeys)
  }

  async #end(
    stream: StreamRecord,
    queued: readonly StreamRecord[],
    idempotencyKeys: readonly IdempotencyKeyRecord[],
  ): Promise<void> {
    const { backgroundCoalescer } = this.#options
    const options = { ...this.#options, status: 'CANCELLED', idempotencyKeys } as const
    const { ended, queuedTurns } = await endLeftStream(stream, queued, options)
    backgroundCoalescer.schedule(ended)
    await resumeQueue([...queuedTurns, ...queued], this.#options)
  }
}
