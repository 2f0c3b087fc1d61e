import { shortenText } from '../../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'
import { isJsonObject, type Json, stringifyJson } from '../../../lib/text/json.ts'
import type { MessagePart, MessageRecord, ToolCall } from '../../../model/message.ts'
import { parseToolCallArguments } from '../../../model/tool-call.ts'
import { findCommonLimit } from './find-common-limit.ts'

/** To what the strings in the arguments of a call are cut, in tokens, until the arguments are short enough. */
const argumentLimits = [200, 50, 12, 0] as const

/** Shortens what a model has written in an answer by so many tokens: long texts, and long arguments of calls. */
export function shortenAnswer(answer: MessageRecord, excessTokens: number, counter: TokenCounter): MessageRecord {
  const sizes = answer.parts.map((part) => counter.countText(readWrittenText(part)))
  const totalTokens = sizes.reduce((sum, size) => sum + size, 0)
  const maxTokens = findCommonLimit(sizes, Math.max(0, totalTokens - excessTokens))
  return { ...answer, parts: answer.parts.map((part) => shortenPart(part, maxTokens, counter)) }
}

/** What is sent of a part. Arguments that are incomplete, or no object, are not. */
function readWrittenText(part: MessagePart): string {
  if (part.type === 'tool') return isJsonObject(parseToolCallArguments(part.call)) ? part.call.argumentsText : ''
  return part.type === 'text' ? part.text : ''
}

function shortenPart(part: MessagePart, maxTokens: number, counter: TokenCounter): MessagePart {
  if (part.type === 'text') return { ...part, text: shortenText(part.text, maxTokens, counter) }
  return part.type === 'tool' ? { ...part, call: shortenArguments(part.call, maxTokens, counter) } : part
}

/** Cuts the strings in the arguments. Every provider requires an object, so that is what is left in any case. */
function shortenArguments(call: ToolCall, maxTokens: number, counter: TokenCounter): ToolCall {
  const input = parseToolCallArguments(call)
  if (counter.countText(call.argumentsText) <= maxTokens || !isJsonObject(input)) return call
  const candidates = argumentLimits.map((limit) => stringifyJson(shortenStrings(input, limit, counter)))
  const argumentsText = candidates.find((text) => counter.countText(text) <= maxTokens) ?? '{}'
  return { ...call, argumentsText }
}

function shortenStrings(value: Json, maxTokens: number, counter: TokenCounter): Json {
  if (typeof value === 'string') return shortenText(value, maxTokens, counter)
  if (Array.isArray(value)) return value.map((item) => shortenStrings(item, maxTokens, counter))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shortenStrings(item, maxTokens, counter)]))
}
