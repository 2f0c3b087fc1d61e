import { getMessageText, type LiveChatMessage, type MessageAlternative } from './live-chat-message.ts'

/** One of the tries of a turn, in the place of a message. */
export interface MessageTry {
  readonly alternative: MessageAlternative
  readonly isShown: boolean
}

/**
 * What stands in the place of a message in the tries of its turn, with itself, oldest first: for a branch picker (2 of 3). Tries
 * with the same user's message are those of its answer, tries with another one those of that message. `prompt` is the user's
 * message before an answer.
 */
export function listMessageTries(message: LiveChatMessage, prompt: LiveChatMessage | null): readonly MessageTry[] {
  return message.role === 'USER' ? groupPrompts(message) : listAnswers(message, prompt)
}

/**
 * The tries of a user's message. Those with the same text are one, with the id of the first and the session of the last: they
 * are branches of the answer. A try without an answer can be reached by its message only.
 */
function groupPrompts(message: LiveChatMessage): readonly MessageTry[] {
  const text = getMessageText(message)
  const groups = new Map<string, MessageTry>()
  for (const alternative of withItself(message, text)) {
    const { originalId, sessionId, promptText, answerId } = alternative
    const isItself = originalId === message.originalId
    const key = isItself || answerId !== null ? `text ${promptText}` : `id ${originalId}`
    const group = groups.get(key)
    groups.set(key, {
      alternative: group ? { ...group.alternative, sessionId } : alternative,
      isShown: isItself || group?.isShown === true,
    })
  }
  return [...groups.values()]
}

/**
 * The tries of an answer to the same user's message. They are found by that message, because it knows those before it as soon
 * as its own answer begins: branches have the order in which they come.
 */
function listAnswers(message: LiveChatMessage, prompt: LiveChatMessage | null): readonly MessageTry[] {
  const { originalId, sessionId } = message
  const promptText = prompt ? getMessageText(prompt) : ''
  const shown = { alternative: { originalId, sessionId, promptText, answerId: originalId }, isShown: true }
  if (!prompt) return [shown]
  return withItself(prompt, promptText).flatMap((alternative) => {
    if (alternative.originalId === prompt.originalId) return shown
    const { answerId } = alternative
    if (answerId === null || alternative.promptText !== promptText) return []
    return { alternative: { ...alternative, originalId: answerId }, isShown: false }
  })
}

/** A message that events made knows no alternatives, not even itself. */
function withItself(message: LiveChatMessage, promptText: string): readonly MessageAlternative[] {
  const { alternatives, originalId, sessionId } = message
  if (alternatives.some((alternative) => alternative.originalId === originalId)) return alternatives
  return [...alternatives, { originalId, sessionId, promptText, answerId: null }]
}
