import type { LiveChatMessage } from 'segue-client/react'

/** The user's message that an answer is to. Null for a message of the user, and where it is not loaded. */
export function findPrompt(messages: readonly LiveChatMessage[], answer: LiveChatMessage): LiveChatMessage | null {
  if (answer.role !== 'ASSISTANT') return null
  const before = messages.slice(
    0,
    messages.findLastIndex(({ id }) => id === answer.id),
  )
  return before.findLast(({ role, steering, status }) => isPrompt(role) && !steering && status !== 'WITHDRAWN') ?? null
}

const isPrompt = (role: LiveChatMessage['role']): boolean => role === 'USER'
