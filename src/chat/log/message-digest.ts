import type { MessagePart } from '../../model/records.ts'
import { sha256 } from '../requests/chat-request.ts'

/** A fingerprint of a message's parts that any client can compute from the events, by the rule in the schema. */
export function digestOf(parts: readonly MessagePart[]): string {
  return sha256(parts.map((part) => withoutNulls(part.type === 'tool' ? toolForm(part.call) : part)))
}

type ToolCall = Extract<MessagePart, { type: 'tool' }>['call']

function toolForm({ id, name, argumentsText, state, result, error }: ToolCall): object {
  return { type: 'tool', id, name, argumentsText, state, result, error }
}

function withoutNulls(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
}
