import { createIdNotFoundError, SegueError } from '../lib/errors.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SteeredMessageLookup } from '../storage/event-store.ts'
import type { IdempotencyKey } from '../storage/idempotency-key.ts'
import type { ProfileMessageReader } from './context/profile-message-reader.ts'
import type { CommandForwarder } from './forwarding/command-forwarder.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import { ignoreForeignEnd } from './streaming/is-stream-already-ended.ts'

export interface SteeringServiceOptions {
  readonly store: SteeredMessageLookup
  readonly activeSessions: ActiveSessions
  readonly forwarder: Pick<CommandForwarder, 'forward'>
  readonly messageQueries: Pick<ProfileMessageReader, 'findMessage'>
}

/** The messages that join answers which are running. */
export class SteeringService {
  readonly #options: SteeringServiceOptions

  constructor(options: SteeringServiceOptions) {
    this.#options = options
  }

  /** The messages that have joined a stream, in the order in which they were accepted. */
  list(streamId: string): Promise<MessageRecord[]> {
    return this.#options.store.listSteeredMessages([streamId])
  }

  /** The messages that were withdrawn because a person stopped the stream that they had joined. */
  async listWithdrawn(streamId: string): Promise<MessageRecord[]> {
    return (await this.list(streamId)).filter(({ steering }) => steering?.withdrawnWithStream)
  }

  /** Takes a pending message back. Returns it as it is then. Throws NOT_FOUND, and STALE if it is not pending. */
  async withdraw(messageId: string, idempotencyKey: IdempotencyKey | null): Promise<MessageRecord> {
    const { activeSessions, messageQueries } = this.#options
    const message = await messageQueries.findMessage(messageId)
    if (!message) throw createIdNotFoundError('message', messageId)
    const runner = message.steering && activeSessions.findByStream(message.steering.streamId)?.activeRunner
    const isOfStream = runner?.committed.stream.id === message.steering?.streamId
    const isWithdrawn =
      (runner && isOfStream && (await runner.steering.withdraw(messageId, idempotencyKey).catch(ignoreForeignEnd))) ||
      (!runner && (await this.#forward(message, idempotencyKey)))
    if (!isWithdrawn)
      throw new SegueError('STALE', 'This message does not wait to join an answer any more. Read it again.')
    return (await messageQueries.findMessage(messageId)) ?? message
  }

  /** Has another process withdraw a message, if it waits to join an answer there. Returns whether one has. */
  async #forward({ id, steering }: MessageRecord, key: IdempotencyKey | null): Promise<boolean> {
    if (!steering) return false
    const command = { name: 'withdraw', messageId: id, key }
    return (await this.#options.forwarder.forward({ streamId: steering.streamId }, command)) !== null
  }
}
