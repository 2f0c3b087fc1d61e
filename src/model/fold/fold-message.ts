import { applyDelta } from './apply-delta.ts'
import { createToolCall } from '../tool-call.ts'
import type { EventDraft } from '../chat-event.ts'
import type { DecisionRecord } from '../decision.ts'
import { hasWholeAnswer, type StreamRecord } from '../stream.ts'
import type { MessagePart, MessageRecord, OpaqueProviderState, PartOrigin } from '../message.ts'
import { mergeOpaqueProviderStates } from './merge-opaque-provider-states.ts'

/** The fields of an answer that come from its turn, not from its events. */
export interface InitialAnswerFields {
  /** See message-position.ts. */
  readonly position: number
  readonly model: string
  /** See `MessageRecord`. */
  readonly turnId?: string
}

/** What the fold makes of events, whatever else a message has. */
export interface FoldedAnswer extends Pick<MessageRecord, 'parts' | 'usage'> {
  readonly status: string
}

type PartEventDraft = Extract<EventDraft, { readonly partIndex: number }>
/** An event that adds to a part, or makes it. */
type PartContentEventDraft = Exclude<PartEventDraft, { readonly type: 'PartFinished' }>

/** What the fold reads of events: all of those that change a part, and how a stream has ended. Others change nothing. */
export type FoldableEvent =
  | PartEventDraft
  | { readonly type: 'StreamFinished'; readonly stream: Pick<StreamRecord, 'status' | 'finishReason' | 'usage'> }
  | { readonly type: Exclude<EventDraft['type'], PartEventDraft['type'] | 'StreamFinished'> }

/** Applies an event of a stream to the record of its answer. See `foldAnswer`. */
export function foldMessage(
  base: InitialAnswerFields,
  answer: MessageRecord | null,
  event: EventDraft,
): MessageRecord | null {
  return foldAnswer(answer, event, (firstEvent) => createAnswer(base, firstEvent))
}

/**
 * Applies an event of a stream to its answer. This is the definition of what an answer is, on the server and in clients.
 * Returns null until something is produced. Applying a delta twice, or a coalesced one over its pieces, changes nothing.
 * What an event does not change is the same object as before. `createFirst` makes the answer, without parts, of the first
 * event that produces something.
 */
export function foldAnswer<Answer extends FoldedAnswer>(
  answer: Answer | null,
  event: FoldableEvent,
  createFirst: (event: PartContentEventDraft) => Answer,
): Answer | null {
  switch (event.type) {
    case 'TextDelta':
    case 'ReasoningDelta':
    case 'ToolCallDelta':
    case 'ToolCallChanged':
    case 'FilePartAdded':
      return updatePart(answer ?? createFirst(event), event)
    case 'PartFinished':
      return answer && finishPart(answer, event)
    case 'StreamFinished': {
      const { stream } = event
      return answer && { ...answer, status: hasWholeAnswer(stream) ? 'COMPLETE' : 'PARTIAL', usage: stream.usage }
    }
    case 'StreamStarted':
    case 'StreamChanged':
    case 'QueueChanged':
    case 'StepFinished':
    case 'MessageSteered':
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

function updatePart<Answer extends FoldedAnswer>(answer: Answer, event: PartContentEventDraft): Answer {
  const parts = [...answer.parts]
  // Events of a kind that a client does not know may have made the parts before this one.
  while (parts.length < event.partIndex) parts.push({ type: 'text', text: '' })
  const previous = parts[event.partIndex]
  const part = foldPart(previous, event)
  const previousState = getProviderState(previous)
  const providerState = mergeOpaqueProviderStates(previousState, event.providerState)
  if (part === previous && providerState === previousState) return answer
  parts[event.partIndex] = providerState && part.type !== 'file' ? { ...part, providerState } : part
  return { ...answer, parts }
}

/** The first time counts, so that a reader may receive the event again. */
function finishPart<Answer extends FoldedAnswer>(
  answer: Answer,
  { partIndex, at }: Extract<PartEventDraft, { readonly type: 'PartFinished' }>,
): Answer {
  const part = answer.parts[partIndex]
  if (!part || part.endedAt !== undefined) return answer
  return { ...answer, parts: answer.parts.with(partIndex, { ...part, endedAt: at }) }
}

function foldPart(part: MessagePart | undefined, event: PartContentEventDraft): MessagePart {
  switch (event.type) {
    case 'TextDelta':
    case 'ReasoningDelta': {
      // Text that has turned out to be reasoning stays reasoning, also if a reader receives its first deltas again.
      const type = event.type === 'ReasoningDelta' || part?.type === 'reasoning' ? 'reasoning' : 'text'
      const text = applyDelta(getText(part), event.offset, event.text)
      return part?.type === type && part.text === text ? part : { type, text, ...getOrigin(part ?? event) }
    }
    case 'ToolCallDelta': {
      const known = part?.type === 'tool' ? part : null
      // A reader may receive deltas again. The complete arguments may differ from them, and are final.
      if (known?.call.argumentsWhole) return known
      const call = known?.call ?? createToolCall(event.toolCallId, event.toolName)
      const argumentsText = applyDelta(call.argumentsText, event.offset, event.argumentsText)
      if (known && argumentsText === call.argumentsText) return known
      return { type: 'tool', call: { ...call, argumentsText }, ...getOrigin(known ?? event) }
    }
    case 'ToolCallChanged':
      return { type: 'tool', call: event.toolCall, ...(part && getOrigin(part)) }
    case 'FilePartAdded': {
      const { mediaType, name, url, step, at } = event
      return { type: 'file', mediaType, name, url, ...(step !== undefined && { step, startedAt: at, endedAt: at }) }
    }
  }
}

function getOrigin({ step, startedAt, endedAt }: PartOrigin): PartOrigin {
  return {
    ...(step !== undefined && { step }),
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
  }
}

function getText(part: MessagePart | undefined): string {
  return part?.type === 'text' || part?.type === 'reasoning' ? part.text : ''
}

function getProviderState(part: MessagePart | undefined): OpaqueProviderState | undefined {
  return part && part.type !== 'file' ? part.providerState : undefined
}

function createAnswer(base: InitialAnswerFields, event: PartContentEventDraft): MessageRecord {
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
    ...(base.turnId !== undefined && { turnId: base.turnId }),
  }
}
