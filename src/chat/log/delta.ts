import type { ChatEvent } from '../../model/chat-event.ts'
import type { EventDraft } from '../../model/fold-message.ts'
import { maxEventTextCodeUnits } from '../../lib/unicode.ts'

type DeltaType = 'TextDelta' | 'ReasoningDelta' | 'ToolCallDelta'
export type DeltaDraft = Extract<EventDraft, { readonly type: DeltaType }>
export type Delta = Extract<ChatEvent, { readonly type: DeltaType }>

export function isDelta(event: ChatEvent): event is Delta {
  return event.type === 'TextDelta' || event.type === 'ReasoningDelta' || event.type === 'ToolCallDelta'
}

export function isDeltaDraft(draft: EventDraft): draft is DeltaDraft {
  return draft.type === 'TextDelta' || draft.type === 'ReasoningDelta' || draft.type === 'ToolCallDelta'
}

export function deltaText(delta: DeltaDraft): string {
  return delta.type === 'ToolCallDelta' ? delta.argumentsText : delta.text
}

/** One text goes on right behind the other, in one part, and both together fit an event. */
export function canCoalesce(first: DeltaDraft, second: DeltaDraft): boolean {
  const length = deltaText(first).length
  return (
    first.type === second.type &&
    first.messageId === second.messageId &&
    first.partIndex === second.partIndex &&
    first.offset + length === second.offset &&
    length + deltaText(second).length <= maxEventTextCodeUnits
  )
}

/** A delta with another text, from where it began. */
export function replaceDeltaText<D extends DeltaDraft>(delta: D, text: string): D {
  return delta.type === 'ToolCallDelta' ? { ...delta, argumentsText: text } : { ...delta, text }
}
