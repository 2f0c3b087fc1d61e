import { applyDelta } from './apply-delta.ts'
import { createToolCall } from '../tool-call.ts'
import type { EventDraft } from '../chat-event.ts'
import type { DecisionRecord } from '../decision.ts'
import { hasWholeAnswer } from '../stream.ts'
import type { MessagePart, MessageRecord, OpaqueProviderState } from '../message.ts'
import { mergeOpaqueProviderStates } from './merge-opaque-provider-states.ts'

/** The fields of an answer that come from its turn, not from its events. */
export interface InitialAnswerFields {
  /** See message-position.ts. */
  readonly position: number
  readonly model: string
}

/**
 * Applies an event of a stream to its answer. This is the definition of what an answer is, on the server and in clients.
 * Returns null until something is produced. Applying a delta twice, or a coalesced one over its pieces, changes nothing.
 */
export function foldMessage(
  base: InitialAnswerFields,
  answer: MessageRecord | null,
  event: EventDraft,
): MessageRecord | null {
  switch (event.type) {
    case 'TextDelta':
      return updatePart(answer ?? createAnswer(base, event), event, (part) => ({
        // Text that has turned out to be reasoning stays reasoning, also if a reader receives its first deltas again.
        type: part?.type === 'reasoning' ? 'reasoning' : 'text',
        text: applyDelta(getText(part), event.offset, event.text),
      }))
    case 'ReasoningDelta':
      return updatePart(answer ?? createAnswer(base, event), event, (part) => ({
        type: 'reasoning',
        text: applyDelta(getText(part), event.offset, event.text),
      }))
    case 'ToolCallDelta':
      return updatePart(answer ?? createAnswer(base, event), event, (part) => {
        const call = part?.type === 'tool' ? part.call : createToolCall(event.toolCallId, event.toolName)
        // A reader may receive deltas again. The complete arguments may differ from them, and are final.
        if (call.argumentsWhole) return { type: 'tool', call }
        const argumentsText = applyDelta(call.argumentsText, event.offset, event.argumentsText)
        return { type: 'tool', call: { ...call, argumentsText } }
      })
    case 'ToolCallChanged':
      return updatePart(answer ?? createAnswer(base, event), event, () => ({ type: 'tool', call: event.toolCall }))
    case 'FilePartAdded': {
      const { mediaType, name, url } = event
      return updatePart(answer ?? createAnswer(base, event), event, () => ({ type: 'file', mediaType, name, url }))
    }
    case 'StreamFinished': {
      const { stream } = event
      return (
        answer && {
          ...answer,
          status: hasWholeAnswer(stream) ? 'COMPLETE' : 'PARTIAL',
          usage: stream.usage,
        }
      )
    }
    case 'StreamStarted':
    case 'StreamChanged':
    case 'ApprovalChanged':
    case 'ClarificationChanged':
    case 'SessionChanged':
    case 'SessionContinued':
      return answer
  }
}

/** Applies an event of a stream to its pending decisions, by id. */
export function foldPendingDecisions(
  pending: ReadonlyMap<string, DecisionRecord>,
  event: EventDraft,
): ReadonlyMap<string, DecisionRecord> {
  if (event.type !== 'ApprovalChanged' && event.type !== 'ClarificationChanged') return pending
  const { decision } = event
  const others = [...pending].filter(([id]) => id !== decision.id)
  return new Map(decision.state === 'PENDING' ? [...others, [decision.id, decision]] : others)
}

type PartEventDraft = Extract<EventDraft, { readonly partIndex: number }>

function updatePart(
  message: MessageRecord,
  event: PartEventDraft,
  change: (part: MessagePart | undefined) => MessagePart,
): MessageRecord {
  const parts = [...message.parts]
  const previous = parts[event.partIndex]
  const part = change(previous)
  const providerState = mergeOpaqueProviderStates(getProviderState(previous), event.providerState)
  parts[event.partIndex] = providerState && part.type !== 'file' ? { ...part, providerState } : part
  return { ...message, parts }
}

function getText(part: MessagePart | undefined): string {
  return part?.type === 'text' || part?.type === 'reasoning' ? part.text : ''
}

function getProviderState(part: MessagePart | undefined): OpaqueProviderState | undefined {
  return part && part.type !== 'file' ? part.providerState : undefined
}

function createAnswer(base: InitialAnswerFields, event: PartEventDraft): MessageRecord {
  return {
    id: event.messageId,
    sessionId: event.sessionId,
    position: base.position,
    withdrawn: false,
    role: 'ASSISTANT',
    status: 'STREAMING',
    parts: [],
    createdAt: event.at,
    streamId: event.streamId,
    model: base.model,
    usage: null,
  }
}
