import { hasToolCallEnded } from '../../../src/model/tool-call.ts'
import type { StreamStatus } from '../../../src/model/stream.ts'
import { createLiveChatMessage, foldLiveChatMessage } from '../live-chat/fold-live-chat-message.ts'
import type { LiveChatMessage } from '../live-chat/live-chat-message.ts'
import type { ChatEvent } from '../model/chat-event.ts'
import type { ChatMessage } from '../model/message.ts'
import { toFinishChunks, toWaitingChunks } from './ui-message/to-finish-chunks.ts'
import type { ResolveUrl } from './ui-message/to-ui-message.ts'
import { type SegueUIMessageChunk, toUIMessageChunks } from './ui-message/to-ui-message-chunks.ts'

/** How far the AI SDK has been told of a stream. */
export interface FollowedStream {
  readonly streamId: string
  /** The seq of the last event. */
  readonly cursor: number
  readonly status: StreamStatus
  /** Null until something is produced. */
  readonly message: LiveChatMessage | null
  /** The messages that have joined the answer, in that order. */
  readonly steered: readonly ChatMessage[]
}

/** A stream of which the SDK has been told nothing. */
export const unfollowed: FollowedStream = { streamId: '', cursor: 0, status: 'QUEUED', message: null, steered: [] }

/** One event as chunks for the AI SDK, and what is known after it. */
export interface FollowedEvent {
  readonly chunks: readonly SegueUIMessageChunk[]
  readonly followed: FollowedStream
  /** The SDK is told no more: the stream has ended, or waits for approvals only. */
  readonly isEnd: boolean
}

export function followEvent(before: FollowedStream, event: ChatEvent, resolveUrl: ResolveUrl): FollowedEvent {
  const message =
    event.type === 'StreamReset'
      ? event.message && createLiveChatMessage(event.message)
      : foldLiveChatMessage(before.message, event)
  const isApplied = event.type === 'MessageSteered' && event.steeringState === 'APPLIED'
  const steered = isApplied ? [...before.steered, event.userMessage] : before.steered
  const followed = {
    streamId: before.streamId,
    cursor: event.seq,
    status: 'status' in event ? event.status : before.status,
    message,
    steered,
  }
  const chunks = message ? toUIMessageChunks(before.message, message, resolveUrl, steered) : []
  if (event.type === 'StreamFinished')
    return { followed, chunks: [...chunks, ...toFinishChunks(event, message)], isEnd: true }
  return isWaitingForApproval(followed)
    ? { followed, chunks: [...chunks, ...toWaitingChunks()], isEnd: true }
    : { followed, chunks, isEnd: false }
}

/** Whether nothing goes on before a person has decided: every tool call that has not ended waits for an approval. */
function isWaitingForApproval({ status, message }: FollowedStream): boolean {
  if (status !== 'WAITING' || !message) return false
  const calls = message.parts.flatMap((part) =>
    part.type === 'tool' && !hasToolCallEnded(part.call) ? [part.call] : [],
  )
  return (
    calls.length > 0 &&
    calls.every(
      ({ id, state }) => state === 'AWAITING_APPROVAL' && message.decisions[id]?.approval?.state === 'PENDING',
    )
  )
}
