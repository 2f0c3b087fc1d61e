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
 * of that message. Ids are those of originals, so that a message keeps its place when another try is shown.
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
  let prompt = ''
  for (const message of messages) {
    if (message.role === 'USER') prompt = getMessageText(message)
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
    const isUnanswered = stream !== null && message.role === 'USER' && !answered.has(stream.id)
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

/** The tries of a user's message, one for each text: the first with its id, and the last with its session. */
function groupPrompts(message: LiveChatMessage): readonly Try[] {
  const text = getMessageText(message)
  const groups = new Map<string, MessageAlternative>()
  for (const alternative of withItself(message, text)) {
    const first = groups.get(alternative.promptText)
    groups.set(alternative.promptText, first ? { ...first, sessionId: alternative.sessionId } : alternative)
  }
  return [...groups.values()].map((alternative) => ({ alternative, isShown: alternative.promptText === text }))
}

/** The tries of an answer to the same user's message. */
function listAnswers(message: LiveChatMessage, prompt: string): readonly Try[] {
  return withItself(message, prompt)
    .filter(({ originalId, promptText }) => promptText === prompt || originalId === message.originalId)
    .map((alternative) => ({ alternative, isShown: alternative.originalId === message.originalId }))
}

/** A message that events made knows no alternatives, not even itself. */
function withItself(message: LiveChatMessage, promptText: string): readonly MessageAlternative[] {
  const { alternatives, originalId, sessionId } = message
  if (alternatives.some((alternative) => alternative.originalId === originalId)) return alternatives
  return [...alternatives, { originalId, sessionId, promptText }]
}

function isFailed(status: string): boolean {
  return status === 'FAILED' || status === 'INTERRUPTED'
}
