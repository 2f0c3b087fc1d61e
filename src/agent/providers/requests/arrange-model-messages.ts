import type { ModelMessage } from 'ai'
import type { MessageRoleRules } from '../dialect.ts'

/** Stands at the start of a chat whose first message is an answer. */
const missingBeginningText = '[The beginning of this chat is not shown.]'
/** Stands between the results of tools and the user's next message, where no answer came. */
const missingAnswerText = '…'

/**
 * Arranges messages as a provider demands: neighbours of one role are one message, system messages stand first, the first
 * other one is the user's, and an answer stands between tool results and the user's next message. Messages that are in
 * order are returned as they are.
 */
export function arrangeModelMessages(
  messages: readonly ModelMessage[],
  { startsWithUser, alternates, system }: Omit<MessageRoleRules, 'toolCallId'>,
): ModelMessage[] {
  const isSystem = ({ role }: ModelMessage): boolean => role === 'system'
  const ordered =
    system === 'first'
      ? [...messages.filter(isSystem), ...messages.filter((message) => !isSystem(message))]
      : [...messages]
  const firstIndex = ordered.findIndex((message) => !isSystem(message))
  if (startsWithUser && ordered[firstIndex] && ordered[firstIndex].role !== 'user') {
    ordered.splice(firstIndex, 0, toTextMessage('user', missingBeginningText))
  }
  const arranged: ModelMessage[] = []
  for (const message of ordered) {
    const last = arranged.at(-1)
    const joined = last && joinMessages(last, message)
    if (joined) arranged.pop()
    else if (alternates && last?.role === 'tool' && message.role === 'user')
      arranged.push(toTextMessage('assistant', missingAnswerText))
    arranged.push(joined ?? message)
  }
  return arranged
}

function toTextMessage(role: 'user' | 'assistant', text: string): ModelMessage {
  return { role, content: [{ type: 'text', text }] }
}

/** One message with the content of both; null if they have different roles, or the first one waits for results of tools. */
function joinMessages(first: ModelMessage, second: ModelMessage): ModelMessage | null {
  if (first.role === 'system' && second.role === 'system') {
    return { ...first, content: `${first.content}\n\n${second.content}` }
  }
  if (first.role === 'user' && second.role === 'user') {
    return { ...first, content: joinContents(toParts(first.content), toParts(second.content)) }
  }
  if (first.role === 'tool' && second.role === 'tool') {
    return { ...first, content: [...first.content, ...second.content] }
  }
  if (first.role !== 'assistant' || second.role !== 'assistant') return null
  const parts = toParts(first.content)
  if (parts.some(({ type }) => type === 'tool-call')) return null
  const providerOptions = mergeOptions(first.providerOptions, second.providerOptions)
  return {
    role: 'assistant',
    content: joinContents(parts, toParts(second.content)),
    ...(providerOptions && { providerOptions }),
  }
}

type TextPart = { readonly type: 'text'; readonly text: string }

function toParts<Part>(content: string | readonly Part[]): readonly (Part | TextPart)[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** Texts that meet become one: many servers accept a message of several texts, but some accept a single text only. */
function joinContents<Part extends { readonly type: string }>(
  first: readonly (Part | TextPart)[],
  second: readonly (Part | TextPart)[],
): (Part | TextPart)[] {
  const last = first.at(-1)
  const next = second[0]
  if (!last || !next || !isText(last) || !isText(next)) return [...first, ...second]
  const text: TextPart = { type: 'text', text: `${last.text}\n\n${next.text}` }
  return [...first.slice(0, -1), text, ...second.slice(1)]
}

function isText(part: { readonly type: string }): part is TextPart {
  return part.type === 'text'
}

type ProviderOptions = NonNullable<ModelMessage['providerOptions']>

function mergeOptions(
  first: ProviderOptions | undefined,
  second: ProviderOptions | undefined,
): ProviderOptions | undefined {
  if (!first || !second) return first ?? second
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])]
  return Object.fromEntries(keys.map((key) => [key, { ...first[key], ...second[key] }]))
}
