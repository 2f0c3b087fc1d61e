import { setTimeout as delay } from 'node:timers/promises'
import { createIdNotFoundError } from '../../lib/errors.ts'
import { withTimeout } from '../../lib/async/with-timeout.ts'
import {
  createCompletedIdempotencyKeyRecord,
  type IdempotencyKey,
  type IdempotencyKeyRecord,
} from '../../storage/idempotency-key.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import { type CancelOutcome, type CancelResult, toCancelOutcome } from '../cancel-result.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import { ignoreForeignEnd } from '../streaming/is-stream-already-ended.ts'
import type { TakenOverStreams } from '../recovery/taken-over-streams.ts'
import { type CommandForwarder, createNoAnswerError } from '../forwarding/command-forwarder.ts'

export interface StreamCancellerOptions {
  readonly profile: ProfileStorage
  readonly activeSessions: ActiveSessions
  readonly messageQueries: ProfileMessageReader
  readonly forwarder: CommandForwarder
  readonly takenOverStreams: Pick<TakenOverStreams, 'cancel'>
  /** How long a cancel may wait for its commit, in milliseconds. */
  readonly commitTimeoutMs: number
}

/** How long another process may take to end a stream. Then this one ends it. */
const foreignCancelTimeoutMs = 1_000

/** How soon a cancel looks again for the process that can end a stream. */
const retryIntervalMs = 50

/** Cancels streams, whichever process runs them. */
export class StreamCanceller {
  readonly #options: StreamCancellerOptions

  constructor(options: StreamCancellerOptions) {
    this.#options = options
  }

  /** See `ChatService.cancel`. */
  async cancel(streamId: string, key: IdempotencyKey | null): Promise<CancelResult> {
    const deadline = performance.now() + this.#options.commitTimeoutMs
    for (;;) {
      const result = (await this.#cancelHere(streamId, key)) ?? (await this.#cancelElsewhere(streamId, key))
      if (result) return result
      if (performance.now() > deadline) throw createNoAnswerError()
      await delay(retryIntervalMs)
    }
  }

  /** Null if this process does not run the stream, or if another one has taken it over meanwhile. */
  async #cancelHere(streamId: string, key: IdempotencyKey | null): Promise<CancelResult | null> {
    const actor = this.#options.activeSessions.findByStream(streamId)
    if (!actor) return null
    const timeoutMessage = 'The end of the stream is not saved yet. The server keeps trying.'
    const cancel = () => actor.cancel(streamId, toKeyRecords(key))
    const cancellation = await withTimeout(this.#options.commitTimeoutMs, timeoutMessage, cancel).catch(
      ignoreForeignEnd,
    )
    return (
      cancellation && {
        ...cancellation.committed,
        outcome: toCancelOutcome(cancellation.committed.stream, cancellation.included),
      }
    )
  }

  /** Null if nobody has ended it: another process ends it at this moment. */
  async #cancelElsewhere(streamId: string, key: IdempotencyKey | null): Promise<CancelResult | null> {
    const { takenOverStreams, forwarder, profile } = this.#options
    const command = { name: 'cancel', streamId, key } as const
    const forwarded = await forwarder.tryToForward({ streamId }, command, foreignCancelTimeoutMs)
    if (forwarded !== null && forwarded !== 'NO_ANSWER') return this.#loadResult(streamId, toOutcome(forwarded.value))
    const isCancelled = await takenOverStreams.cancel(streamId, toKeyRecords(key))
    const result = await this.#loadResult(streamId, isCancelled ? 'CANCELLED' : null)
    return result.stream.finishedAt === null && profile.commands ? null : result
  }

  /** `outcome`: what this call has done; null if it has found the stream at its end. */
  async #loadResult(streamId: string, outcome: CancelOutcome | null): Promise<CancelResult> {
    const { profile, messageQueries } = this.#options
    const stream = await profile.eventStore.findStream(streamId)
    if (!stream) throw createIdNotFoundError('stream', streamId)
    const answer = stream.messageId === null ? null : await messageQueries.findStoredMessage(stream.messageId)
    return { stream, answer, outcome: outcome ?? toCancelOutcome(stream, false) }
  }
}

function toKeyRecords(key: IdempotencyKey | null): IdempotencyKeyRecord[] {
  return key ? [createCompletedIdempotencyKeyRecord(key, { outcome: 'CANCELLED' })] : []
}

function toOutcome(value: unknown): CancelOutcome | null {
  return value === 'CANCELLED' || value === 'ALREADY_CANCELLED' || value === 'ALREADY_FINISHED' ? value : null
}
