import { createIdNotFoundError } from '../../lib/errors.ts'
import { withTimeout } from '../../lib/async/with-timeout.ts'
import { createCompletedIdempotencyKeyRecord, type IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import { type CancelOutcome, type CancelResult, toCancelOutcome } from '../cancel-result.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'
import type { BackgroundDeltaCoalescer } from '../log/background-delta-coalescer.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import { ignoreForeignEnd } from '../streaming/is-stream-already-ended.ts'
import { endLeftStream, type StreamRecoveryOptions } from '../runtime/recover-streams.ts'
import type { CommandForwarder } from '../forwarding/command-forwarder.ts'

export interface StreamCancellerOptions extends Omit<StreamRecoveryOptions, 'store'> {
  readonly profile: ProfileStorage
  readonly activeSessions: ActiveSessions
  readonly messageQueries: ProfileMessageReader
  readonly forwarder: CommandForwarder
  readonly backgroundCoalescer: Pick<BackgroundDeltaCoalescer, 'schedule'>
  /** How long a cancel may wait for its commit, in milliseconds. */
  readonly commitTimeoutMs: number
}

/** How long another process may take to end a stream. Then this one ends it. */
const foreignCancelTimeoutMs = 1_000

/** Cancels streams, whichever process runs them. */
export class StreamCanceller {
  readonly #options: StreamCancellerOptions

  constructor(options: StreamCancellerOptions) {
    this.#options = options
  }

  /** See `ChatService.cancel`. */
  async cancel(streamId: string, idempotencyKey: IdempotencyKey | null): Promise<CancelResult> {
    const { activeSessions, backgroundCoalescer, commitTimeoutMs, forwarder, profile } = this.#options
    const actor = activeSessions.findByStream(streamId)
    const timeoutMessage = 'The end of the stream is not saved yet. The server keeps trying.'
    const keys = idempotencyKey ? [createCompletedIdempotencyKeyRecord(idempotencyKey, { outcome: 'CANCELLED' })] : []
    const cancellation =
      actor &&
      (await withTimeout(commitTimeoutMs, timeoutMessage, () => actor.cancel(streamId, keys)).catch(ignoreForeignEnd))
    if (cancellation) {
      const { committed, isFirst } = cancellation
      return { ...committed, outcome: toCancelOutcome(committed.stream, isFirst) }
    }
    const command = { name: 'cancel', streamId, key: idempotencyKey } as const
    const forwarded = await forwarder.tryToForward({ streamId }, command, foreignCancelTimeoutMs)
    if (forwarded !== 'NO_ANSWER') return this.#loadResult(streamId, toOutcome(forwarded?.value))
    const stream = await profile.commands?.takeOver(streamId)
    if (!stream) return this.#loadResult(streamId, null)
    await endLeftStream(stream, 'CANCELLED', keys, { ...this.#options, store: profile.eventStore })
    const result = await this.#loadResult(streamId, 'CANCELLED')
    backgroundCoalescer.schedule(result.stream)
    return result
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

function toOutcome(value: unknown): CancelOutcome | null {
  return value === 'CANCELLED' || value === 'ALREADY_CANCELLED' || value === 'ALREADY_FINISHED' ? value : null
}
