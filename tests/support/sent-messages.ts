import { z } from 'zod'
import type { ProviderRequest } from './strict-provider.ts'

/** A message to a model, in the few words that every form of it has. */
export type Sent =
  | { readonly role: 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly calls: readonly SentCall[] }
  | { readonly role: 'tool'; readonly id: string; readonly text: string }

export interface SentCall {
  readonly id: string
  readonly name: string
  readonly input: unknown
}

const text = z.object({ type: z.literal('text'), text: z.string() })
const call = z.object({ type: z.literal('tool-call'), toolCallId: z.string(), toolName: z.string(), input: z.json() })
const result = z.object({
  type: z.literal('tool-result'),
  toolCallId: z.string(),
  output: z.object({ type: z.enum(['text', 'json', 'error-text', 'error-json']), value: z.json() }),
})
const modelContext = z.array(
  z.discriminatedUnion('role', [
    z.strictObject({ role: z.literal('user'), content: z.array(text) }),
    z.strictObject({ role: z.literal('assistant'), content: z.array(z.discriminatedUnion('type', [text, call])) }),
    z.strictObject({ role: z.literal('tool'), content: z.array(result) }),
  ]),
)

/** What a session's `modelContext` says. */
export function fromModelContext(context: unknown): Sent[] {
  return modelContext.parse(context).flatMap((message): Sent[] => {
    switch (message.role) {
      case 'user':
        return [{ role: 'user', text: message.content.map((part) => part.text).join('') }]
      case 'assistant': {
        const texts = message.content.map((part) => (part.type === 'text' ? part.text : ''))
        const calls = message.content.flatMap((part) =>
          part.type === 'tool-call' ? [{ id: part.toolCallId, name: part.toolName, input: part.input }] : [],
        )
        return [{ role: 'assistant', text: texts.join(''), calls }]
      }
      case 'tool':
        return message.content.map(({ toolCallId, output: { value } }) => ({
          role: 'tool',
          id: toolCallId,
          text: typeof value === 'string' ? value : JSON.stringify(value),
        }))
    }
  })
}

/** What a provider was sent. */
export function fromRequest({ body }: ProviderRequest): Sent[] {
  return body.messages.map((message): Sent => {
    const content = typeof message.content === 'string' ? message.content : textOf(message.content ?? [])
    switch (message.role) {
      case 'user':
        return { role: 'user', text: content }
      case 'assistant': {
        const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: input } }) => ({
          id,
          name,
          input: JSON.parse(input),
        }))
        return { role: 'assistant', text: content, calls }
      }
      case 'tool':
        return { role: 'tool', id: message.tool_call_id, text: content }
      case 'system':
      case 'developer':
        throw new Error('nobody has given the model instructions')
    }
  })
}

function textOf(parts: readonly object[]): string {
  return z
    .array(text)
    .parse(parts)
    .map((part) => part.text)
    .join('')
}
