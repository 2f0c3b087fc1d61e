import type { StreamRecord } from '../../model/stream.ts'
import type { IdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import type { BackgroundDeltaCoalescer } from '../log/background-delta-coalescer.ts'
import { EventLogWriter } from '../log/event-log-writer.ts'
import { QueuedStreams } from '../runtime/queue/queued-streams.ts'
import { isStreamAlreadyEnded } from '../streaming/is-stream-already-ended.ts'
import { endLeftStream, type LeftStreamDependencies } from './end-left-stream.ts'
import { type QueueResumptionDependencies, resumeQueue } from './resume-queue.ts'
import type { StreamRecovery } from './stream-recovery.ts'

export interface TakenOverStreamsOptions extends LeftStreamDependencies, QueueResumptionDependencies {
  /** Null where a home belongs to one process: there is nobody to take anything over from. */
  readonly commands: Pick<CommandChannel, 'takeOver'> | null
  readonly recovery: Pick<StreamRecovery, 'addLeft'>
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
    const { commands, recovery } = this.#options
    const unfinished = (await commands?.takeOver(streamId)) ?? []
    const stream = unfinished.find(({ id }) => id === streamId)
    if (!stream) return false
    const queued = unfinished.filter(({ status }) => status === 'QUEUED')
    try {
      if (stream.status === 'QUEUED') await this.#withdraw(stream, queued, idempotencyKeys)
      else await this.#end(stream, queued, idempotencyKeys)
      return true
    } catch (error) {
      if (isStreamAlreadyEnded(error)) return false
      recovery.addLeft(stream.status === 'QUEUED' ? [stream] : unfinished)
      throw error
    }
  }

  async #withdraw(
    stream: StreamRecord,
    queued: readonly StreamRecord[],
    idempotencyKeys: readonly IdempotencyKeyRecord[],
  ): Promise<void> {
    const { sessionId } = stream
    const writer = new EventLogWriter(this.#options.eventLog, sessionId)
    const queue = new QueuedStreams({ ...this.#options, sessionId, writer })
    queue.restore(queued)
    await queue.withdraw(stream, idempotencyKeys)
  }

  async #end(
    stream: StreamRecord,
    queued: readonly StreamRecord[],
    idempotencyKeys: readonly IdempotencyKeyRecord[],
  ): Promise<void> {
    const { backgroundCoalescer, recovery } = this.#options
    const options = { ...this.#options, status: 'CANCELLED', idempotencyKeys } as const
    const { ended, queuedTurns } = await endLeftStream(stream, queued, options)
    backgroundCoalescer.schedule(ended)
    const resumed = [...queuedTurns, ...queued]
    await resumeQueue(resumed, this.#options).catch(() => recovery.addLeft(resumed))
  }
}
