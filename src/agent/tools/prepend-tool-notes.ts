import type { ModelMessage } from 'ai'

/** Tells a model about its tools in the system message. Many models accept only one, as the first message. */
export function prependToolNotes(messages: readonly ModelMessage[], notes: readonly string[]): readonly ModelMessage[] {
  if (notes.length === 0) return messages
  const [first, ...rest] = messages
  return first?.role === 'system'
    ? [{ ...first, content: [first.content, ...notes].join('\n\n') }, ...rest]
    : [{ role: 'system', content: notes.join('\n\n') }, ...messages]
}
