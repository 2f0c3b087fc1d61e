import type { InferUIMessageChunk } from 'ai'
import { isStepStart } from '../../../../src/model/fold/list-part-steps.ts'
import type { MessagePart } from '../../../../src/model/message.ts'
import type { LiveChatMessage } from '../../live-chat/live-chat-message.ts'
import type { ChatMessage } from '../../model/message.ts'
import type { SegueUIMessage } from './segue-ui-message.ts'
import { toToolChunks } from './to-tool-chunks.ts'
import {
  isOpenPart,
  type ResolveUrl,
  toClarificationPart,
  toMessageMetadata,
  toPartId,
  toReasoningTimes,
  toSteeringParts,
} from './to-ui-message.ts'

/** A chunk of the stream from which the AI SDK makes an answer. */
export type SegueUIMessageChunk = InferUIMessageChunk<SegueUIMessage>

/**
 * The chunks that make of one state of an answer a later one: with all of them, the AI SDK has the message that
 * `toUIMessage` makes of the later state. `previous` is null before the first state. `steered` are the messages that joined
 * the answer.
 */
export function toUIMessageChunks(
  previous: LiveChatMessage | null,
  next: LiveChatMessage,
  resolveUrl: ResolveUrl,
  steered: readonly ChatMessage[] = [],
): SegueUIMessageChunk[] {
  if (previous === next) return []
  const rewrittenFrom = previous && findRewrittenStep(previous, next)
  const knownLength = rewrittenFrom ?? previous?.parts.length ?? 0
  const partChunks = next.parts.flatMap((_, index) => [
    ...(index >= knownLength && index !== rewrittenFrom
      ? [...toSteeringParts(steered, index, resolveUrl), ...toStepChunks(next.parts, index)]
      : []),
    ...toPartChunks(index < knownLength ? previous : null, next, index, resolveUrl),
  ])
  const hasEnded = next.status !== 'STREAMING' && (previous?.status ?? 'STREAMING') === 'STREAMING'
  const chunks = [...partChunks, ...(hasEnded ? toSteeringParts(steered, next.parts.length, resolveUrl) : [])]
  if (!previous) return [{ type: 'start', messageId: next.id, messageMetadata: toMessageMetadata(next) }, ...chunks]
  return rewrittenFrom === null ? chunks : [{ type: 'reset-step' }, ...chunks]
}

/**
 * The start of the last step, if a part of it became another one: text that turned out to be reasoning, or a part that grew
 * although the SDK was told that it is complete. Null if the parts have only grown.
 */
function findRewrittenStep(previous: LiveChatMessage, next: LiveChatMessage): number | null {
  const stepStart = previous.parts.findLastIndex((_, index) => isStepStart(previous.parts, index))
  const isContinued = previous.parts.every((part, index) => {
    const later = next.parts[index]
    if (index < stepStart || part === later) return true
    if (later?.type !== part.type) return false
    if (!('text' in part) || !('text' in later)) return true
    return later.text === part.text || (isOpenPart(previous, index) && later.text.startsWith(part.text))
  })
  return isContinued ? null : stepStart
}

function toStepChunks(parts: readonly MessagePart[], index: number): SegueUIMessageChunk[] {
  if (!isStepStart(parts, index)) return []
  return index === 0 ? [{ type: 'start-step' }] : [{ type: 'finish-step' }, { type: 'start-step' }]
}

function toPartChunks(
  previous: LiveChatMessage | null,
  next: LiveChatMessage,
  index: number,
  resolveUrl: ResolveUrl,
): SegueUIMessageChunk[] {
  const part = next.parts[index]
  const before = previous?.parts[index]
  switch (part?.type) {
    case undefined:
      return []
    case 'text':
    case 'reasoning':
      return toTextChunks(previous, next, index, part)
    case 'file':
      return before ? [] : [{ type: 'file', mediaType: part.mediaType, url: resolveUrl(part.url) }]
    case 'tool': {
      const { call } = part
      const decisions = next.decisions[call.id] ?? {}
      const known = previous && before?.type === 'tool' ? before.call : null
      const knownDecisions = previous?.decisions[call.id] ?? {}
      if (known === call && knownDecisions === decisions) return []
      const question = toClarificationPart(decisions)
      const isNews = question?.data.state !== knownDecisions.clarification?.state
      const state = known && { call: known, decisions: knownDecisions }
      return [toToolChunks(state, { call, decisions }), question && isNews ? [question] : []].flat()
    }
  }
}

function toTextChunks(
  previous: LiveChatMessage | null,
  next: LiveChatMessage,
  index: number,
  part: Extract<MessagePart, { readonly text: string }>,
): SegueUIMessageChunk[] {
  const before = previous?.parts[index]
  const known = before && 'text' in before ? before.text : null
  if (previous && known !== null && !isOpenPart(previous, index)) return []
  const delta = part.text.slice(known?.length ?? 0)
  const id = toPartId(index)
  const times = part.type === 'reasoning' ? toReasoningTimes(part) : {}
  return [
    known === null ? [{ type: `${part.type}-start` as const, id, ...times }] : [],
    delta === '' ? [] : [{ type: `${part.type}-delta` as const, id, delta }],
    isOpenPart(next, index) ? [] : [{ type: `${part.type}-end` as const, id, ...times }],
  ].flat()
}
