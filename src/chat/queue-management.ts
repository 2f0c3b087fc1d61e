import { createBadInputError, createIdNotFoundError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import type { TaskGate } from '../lib/async/task-gate.ts'
import { withTimeout } from '../lib/async/with-timeout.ts'
import { listReleasedBlobs } from '../model/message-content/blob-url.ts'
import type { MessagePart } from '../model/message.ts'
import type { StreamRecord } from '../model/stream.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../storage/idempotency-key.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { deleteUnreferencedBlobs } from './attachments/delete-unreferenced-blobs.ts'
import type { MessageFileStore } from './attachments/message-file-store.ts'
import { prepareMessageChanges, type MessageChanges, assertValidMessageChanges } from './requests/message-changes.ts'
import type { CommandForwarder } from './forwarding/command-forwarder.ts'
import type { QueueCommand } from './requests/queue-command.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import { repeatAfterConflicts } from './log/repeat-after-conflicts.ts'
import type { SessionActor } from './runtime/session-actor.ts'
import { createNotQueuedError } from './runtime/queue/not-queued-error.ts'

export interface QueueManagementOptions {
  readonly profile: ProfileStorage
  readonly activeSessions: ActiveSessions
  readonly fileStore: MessageFileStore
  readonly gate: TaskGate
  readonly log: Logger
  readonly forwarder: Pick<CommandForwarder, 'forward'>
  /** How long a change may wait for its commit, in milliseconds. */
  readonly commitTimeoutMs: number
}

const timeoutMessage = 'The change of the queue could not be saved in time. Try again later.'

/**
 * Changes the messages that wait for their turn. All methods throw NOT_FOUND for an unknown stream, STALE if it is not queued
 * any more, SHUTTING_DOWN, and STORAGE if the change cannot be committed in time. A change that throws changes nothing.
 */
export class QueueManagement {
  readonly #options: QueueManagementOptions

  constructor(options: QueueManagementOptions) {
    this.#options = options
  }

  /** Changes the message of a queued stream: the last writer wins. Throws BAD_USER_INPUT and TOO_LARGE as well. */
  async updateMessage(
    streamId: string,
    changes: MessageChanges,
    idempotencyKey: IdempotencyKey | null = null,
  ): Promise<StreamRecord> {
    assertValidMessageChanges(changes)
    const forwarded = await this.#forward({ name: 'updateMessage', streamId, changes, key: idempotencyKey })
    if (forwarded) return forwarded
    const actor = await this.#requireActor(streamId)
    const change = await prepareMessageChanges(changes, this.#options.fileStore)
    const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey)
    let releasedHashes: readonly string[] = []
    const changeParts = (parts: readonly MessagePart[]): MessagePart[] => {
      const changed = change(parts)
      releasedHashes = listReleasedBlobs(parts, changed)
      return changed
    }
    const stream = await this.#commit((signal) =>
      actor.changeQueue(streamId, signal, (queue, queued) => queue.changeMessage(queued, changeParts, key)),
    )
    await deleteUnreferencedBlobs(releasedHashes, this.#options)
    return stream
  }

  /**
   * Moves a queued stream before another one of the same queue; null moves it to the end. Throws STALE as well if the other
   * one is not queued any more, and BAD_USER_INPUT for one of another session.
   */
  async moveMessage(
    streamId: string,
    before: StreamRecord | null,
    idempotencyKey: IdempotencyKey | null = null,
  ): Promise<void> {
    if (await this.#forward({ name: 'moveMessage', streamId, before, key: idempotencyKey })) return
    const actor = await this.#requireActor(streamId)
    if (before?.id === streamId)
      throw createBadInputError('A message cannot be moved before itself. Name another one of its queue.', 'before')
    const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey)
    await this.#commit((signal) =>
      actor.changeQueue(streamId, signal, async (queue, queued) => {
        if (before && before.sessionId !== queued.sessionId)
          throw createBadInputError('The other message is of another session. Name one of the same queue.', 'before')
        return queue.move(queued, before && queue.require(before.id), key)
      }),
    )
  }

  /** Starts the turn of a queued stream now, and cancels the active one in the same transaction. */
  async sendMessage(streamId: string, idempotencyKey: IdempotencyKey | null = null): Promise<StreamRecord> {
    const forwarded = await this.#forward({ name: 'sendMessage', streamId, key: idempotencyKey })
    if (forwarded) return forwarded
    const actor = await this.#requireActor(streamId)
    const keys = idempotencyKey ? [createCompletedIdempotencyKeyRecord(idempotencyKey)] : []
    return this.#commit((signal) => actor.startQueued(streamId, signal, keys))
  }

  /** Has another process make the change, if the stream is queued there. Resolves to the stream then, and to null otherwise. */
  async #forward(command: QueueCommand): Promise<StreamRecord | null> {
    const { activeSessions, forwarder, profile } = this.#options
    const { streamId } = command
    const isHere = activeSessions.findByStream(streamId) !== null
    const isForwarded = !isHere && (await forwarder.forward({ streamId }, command)) !== null
    return isForwarded ? profile.eventStore.findStream(streamId) : null
  }

  #commit<Result>(change: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { gate, commitTimeoutMs } = this.#options
    return repeatAfterConflicts(() =>
      withTimeout(commitTimeoutMs, timeoutMessage, (signal) => gate.run(() => change(signal))),
    )
  }

  async #requireActor(streamId: string): Promise<SessionActor> {
    const { activeSessions, profile } = this.#options
    const actor = activeSessions.findByStream(streamId)
    if (actor) return actor
    if (await profile.eventStore.findStream(streamId)) throw createNotQueuedError()
    throw createIdNotFoundError('stream', streamId)
  }
}
