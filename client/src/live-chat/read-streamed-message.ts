import type { StreamStatus } from '../../../src/model/stream.ts'
import type { SegueClient } from '../segue-client.ts'
import { SegueError } from '../segue-error.ts'
import { streamedMessageDocument, type WireLiveMessage } from './live-chat-documents.ts'
import type { LiveChatMessage } from './live-chat-message.ts'
import { toLiveChatMessage } from './to-live-chat-message.ts'

/** A stream with the answer as far as it was made. `cursor` is the seq from which to follow it. */
export interface StreamedMessage {
  readonly streamId: string
  readonly cursor: number
  readonly status: StreamStatus
  readonly message: LiveChatMessage | null
  /** The messages that were sent to join it. */
  readonly steered: readonly LiveChatMessage[]
}

/** Reads a stream. Rejects with NOT_FOUND if there is none. */
export async function readStreamedMessage(client: SegueClient, id: string): Promise<StreamedMessage> {
  const { stream } = await client.request<{
    readonly stream: {
      readonly status: StreamStatus
      readonly lastSeq: number
      readonly message: WireLiveMessage | null
      readonly steered: readonly WireLiveMessage[]
    } | null
  }>(streamedMessageDocument, { id })
  if (!stream) throw new SegueError('NOT_FOUND', 'The answer was deleted. Load the messages again.')
  const { status, lastSeq: cursor, message, steered } = stream
  return {
    streamId: id,
    cursor,
    status,
    message: message && toLiveChatMessage(message),
    steered: steered.map(toLiveChatMessage),
  }
}
