import type { ModelMessage } from 'ai'
import { arrangeModelMessages } from './arrange-model-messages.ts'

/** Puts what a system message says before the user's first words, for models that take no system message. */
export function systemMessageToUser(messages: readonly ModelMessage[]): ModelMessage[] {
  const asUser = messages.map((message): ModelMessage =>
    message.role === 'system' ? { role: 'user', content: [{ type: 'text', text: message.content }] } : message,
  )
  // Two messages of the user become one.
  return arrangeModelMessages(asUser, { startsWithUser: false, alternates: false, system: 'anywhere' })
}
