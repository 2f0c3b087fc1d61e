import type { LiveChatMessage } from '../../live-chat/live-chat-message.ts'
import type { SegueUIMessage } from './segue-ui-message.ts'
import { type ResolveUrl, toUIMessage } from './to-ui-message.ts'

/** The messages of a chat for the AI SDK: those that joined an answer are parts of it. */
export function toUIMessages(messages: readonly LiveChatMessage[], resolveUrl: ResolveUrl): SegueUIMessage[] {
  const answered = new Set(messages.flatMap(({ role, streamId }) => (role === 'ASSISTANT' ? streamId : [])))
  const joined = messages.filter(({ steering }) => steering?.state === 'APPLIED' && answered.has(steering.streamId))
  return messages
    .filter((message) => !joined.includes(message))
    .map((message) => {
      const isAnswer = message.role === 'ASSISTANT' && message.streamId !== null
      const steered = isAnswer ? joined.filter(({ steering }) => steering?.streamId === message.streamId) : []
      return toUIMessage(message, resolveUrl, steered)
    })
}
