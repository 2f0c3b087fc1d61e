import { maxEventTextCodeUnits } from '../../lib/text/unicode.ts'
import type { ChatEvent, EventDraft } from '../chat-event.ts'
import { mergeOpaqueProviderStates } from './merge-opaque-provider-states.ts'

type DeltaType = 'TextDelta' | 'ReasoningDelta' | 'ToolCallDelta'

/** A delta without its seq. */
export type DeltaEventDraft = Extract<EventDraft, { readonly type: DeltaType }>
/** An event that adds text to a part of an answer. */
export type Delta = Extract<ChatEvent, { readonly type: DeltaType }>

export function isDelta(event: ChatEvent): event is Delta {
  return isDeltaType(event.type)
}

export function isDeltaEventDraft(draft: EventDraft): draft is DeltaEventDraft {
  return isDeltaType(draft.type)
}

function isDeltaType(type: ChatEvent['type']): type is DeltaType {
  return type === 'TextDelta' || type === 'ReasoningDelta' || type === 'ToolCallDelta'
}

/** The text of a delta; that of a tool call's arguments counts as text, too. */
export function getDeltaText(delta: DeltaEventDraft): string {
  return delta.type === 'ToolCallDelta' ? delta.argumentsText : delta.text
}

/** Whether the second delta continues the first one, in the same part, and one event can hold the text of both. */
export function canCoalesce(first: DeltaEventDraft, second: DeltaEventDraft): boolean {
  const length = getDeltaText(first).length
  return (
    first.type === second.type &&
    first.messageId === second.messageId &&
    first.partIndex === second.partIndex &&
    first.offset + length === second.offset &&
    length + getDeltaText(second).length <= maxEventTextCodeUnits
  )
}

/** The same delta with another text, at the same offset. */
export function replaceDeltaText<D extends DeltaEventDraft>(delta: D, text: string): D {
  return delta.type === 'ToolCallDelta' ? { ...delta, argumentsText: text } : { ...delta, text }
}

/** One delta for two of which the second continues the first one. See `canCoalesce`. */
export function coalesceDeltas(first: DeltaEventDraft, second: DeltaEventDraft): DeltaEventDraft {
  const providerState = mergeOpaqueProviderStates(first.providerState, second.providerState)
  const delta = replaceDeltaText(first, getDeltaText(first) + getDeltaText(second))
  return providerState ? { ...delta, providerState } : delta
}
