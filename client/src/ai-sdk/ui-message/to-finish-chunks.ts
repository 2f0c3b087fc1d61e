import type { FinishReason as SdkFinishReason } from 'ai'
import type { FinishReason } from '../../../../src/model/stream.ts'
import type { LiveChatMessage } from '../../live-chat/live-chat-message.ts'
import type { StreamFinished } from '../../model/chat-event.ts'
import { toMessageMetadata } from './to-ui-message.ts'
import type { SegueUIMessageChunk } from './to-ui-message-chunks.ts'

/** The chunks for the end of a stream. `message` is null if nothing was produced. */
export function toFinishChunks(event: StreamFinished, message: LiveChatMessage | null): SegueUIMessageChunk[] {
  const metadata = message && { messageMetadata: toMessageMetadata(message) }
  const step: SegueUIMessageChunk[] = message ? [{ type: 'finish-step' }] : []
  if (event.status !== 'FAILED')
    return [...step, { type: 'finish', finishReason: toSdkFinishReason(event), ...metadata }]
  const errorText = event.stream.error?.message ?? 'The answer failed. Try again.'
  return [
    ...step,
    ...(metadata ? [{ type: 'message-metadata' as const, ...metadata }] : []),
    { type: 'error', errorText },
  ]
}

/** The chunks where a stream waits for approvals: the SDK ends there, and goes on when they are answered. */
export function toWaitingChunks(): SegueUIMessageChunk[] {
  return [{ type: 'finish-step' }, { type: 'finish', finishReason: 'tool-calls' }]
}

const sdkFinishReasons: Readonly<Record<FinishReason, SdkFinishReason>> = {
  STOP: 'stop',
  TOOL_CALLS: 'tool-calls',
  LENGTH: 'length',
  CONTENT_FILTER: 'content-filter',
  REFUSAL: 'content-filter',
  BUDGET: 'length',
  OTHER: 'other',
}

function toSdkFinishReason({ status, finishReason }: StreamFinished): SdkFinishReason {
  if (status !== 'COMPLETED') return 'interrupted'
  // A newer server may send others.
  return sdkFinishReasons[finishReason ?? 'STOP'] ?? 'other'
}
