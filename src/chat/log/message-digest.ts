import type { MessagePart } from '../../model/message.ts'
import { canonicalSha256 } from '../requests/chat-request.ts'

/** A fingerprint of a message's parts that any client can compute from the events, by the rule in the schema. */
export function computeMessageDigest(parts: readonly MessagePart[]): string {
  return canonicalSha256(parts.map((part) => omitNulls(part.type === 'tool' ? toDigestInput(part.call) : part)))
}

type ToolCall = Extract<MessagePart, { type: 'tool' }>['call']

function toDigestInput({ id, name, argumentsText, state, result, error }: ToolCall): object {
  return { type: 'tool', id, name, argumentsText, state, result, error }
}

function omitNulls(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
}
