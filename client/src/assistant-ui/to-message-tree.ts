import type { ExportedMessageRepository, ExportedMessageRepositoryItem } from '@assistant-ui/react'
import type { LiveChatMessage } from '../live-chat/live-chat-message.ts'
import type { LiveChatState } from '../live-chat/live-chat-state.ts'
import { listMessageTries } from '../live-chat/message-tries.ts'
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
    const tries = listMessageTries(message, prompt)
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

function isFailed(status: string): boolean {
  return status === 'FAILED' || status === 'INTERRUPTED'
}
