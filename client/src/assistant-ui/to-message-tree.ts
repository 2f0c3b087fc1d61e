import type { ExportedMessageRepository, ExportedMessageRepositoryItem } from '@assistant-ui/react'
import { getMessageText, type LiveChatMessage, type MessageAlternative } from '../live-chat/live-chat-message.ts'
import type { LiveChatState } from '../live-chat/live-chat-state.ts'
import { type ThreadMessageCache, toCompleteMessage } from './thread-message-cache.ts'
import { toEmptyAnswer } from './to-thread-message.ts'

/** The messages of a chat with the other tries of their turns. */
export interface MessageTree {
  readonly repository: ExportedMessageRepository
  /** The messages that are shown, by their ids in the tree. */
  readonly messages: ReadonlyMap<string, LiveChatMessage>
  /** The sessions to open for the tries that are not shown, by the ids of their first messages in the tree. */
  readonly branches: ReadonlyMap<string, string>
}

/**
 * The tree of assistant-ui. Tries with the same user's message are branches of its answer, those with another one branches
 * of that message. A message that joined an answer stands before it, one that was taken back is left out. Ids are those of originals, so that a message keeps its place when another try is shown.
 */
export function toMessageTree(
  { messages, activeStream }: Pick<LiveChatState, 'messages' | 'activeStream'>,
  cache: ThreadMessageCache,
): MessageTree {
  const items: ExportedMessageRepositoryItem[] = []
  const byId = new Map<string, LiveChatMessage>()
  const branches = new Map<string, string>()
  const answered = new Set(
    messages.flatMap(({ role, streamId }) => (role === 'ASSISTANT' && streamId ? [streamId] : [])),
  )
  let parentId: string | null = null
  let prompt: LiveChatMessage | null = null
  for (const message of messages) {
    // assistant-ui would show it as one that was sent.
    if (message.status === 'WITHDRAWN') continue
    const isPrompt = message.role === 'USER' && message.steering?.state !== 'APPLIED'
    if (isPrompt) prompt = message
    const tries = message.role === 'USER' ? groupPrompts(message) : listAnswers(message, prompt)
    const shown = tries.find(({ isShown }) => isShown)?.alternative.originalId ?? message.originalId
    for (const { alternative, isShown } of tries) {
      if (!isShown) branches.set(alternative.originalId, alternative.sessionId)
      const role = message.role === 'USER' ? 'user' : 'assistant'
      items.push({
        parentId,
        message: isShown ? cache.getMessage(message, shown) : cache.getAlternative(alternative, role),
      })
    }
    byId.set(shown, message)
    parentId = shown
    const { stream } = message
    const isUnanswered = stream !== null && isPrompt && !answered.has(stream.id)
    const isShownEmpty = isUnanswered && (activeStream?.id === stream.id || isFailed(stream.status))
    if (!isShownEmpty) continue
    items.push({ parentId, message: toCompleteMessage(toEmptyAnswer(stream), stream.id) })
    parentId = stream.id
  }
  return { repository: { headId: parentId, messages: items }, messages: byId, branches }
}

/** A place among the tries of a turn. */
interface Try {
  readonly alternative: MessageAlternative
  readonly isShown: boolean
}

/**
 * The tries of a user's message. Those with the same text are one, with the id of the first and the session of the last: they
 * are branches of the answer. A try without an answer can be reached by its message only.
 */
function groupPrompts(message: LiveChatMessage): readonly Try[] {
  const text = getMessageText(message)
  const groups = new Map<string, Try>()
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
function listAnswers(message: LiveChatMessage, prompt: LiveChatMessage | null): readonly Try[] {
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

function isFailed(status: string): boolean {
  return status === 'FAILED' || status === 'INTERRUPTED'
}
