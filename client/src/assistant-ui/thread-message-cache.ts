import { fromThreadMessageLike, type ThreadMessage, type ThreadMessageLike } from '@assistant-ui/react'
import type { LiveChatMessage, MessageAlternative } from '../live-chat/live-chat-message.ts'
import { toThreadMessage } from './to-thread-message.ts'

/** Converts messages for assistant-ui. The same message is always the same object, so that its component does not render again. */
export class ThreadMessageCache {
  readonly #messages = new WeakMap<LiveChatMessage, ThreadMessage>()
  readonly #alternatives = new Map<string, ThreadMessage>()
  readonly #resolveUrl: (url: string) => string

  constructor(resolveUrl: (url: string) => string) {
    this.#resolveUrl = resolveUrl
  }

  getMessage(message: LiveChatMessage, id: string): ThreadMessage {
    const known = this.#messages.get(message)
    if (known?.id === id) return known
    const converted = toCompleteMessage(toThreadMessage(message, id, this.#resolveUrl), id)
    this.#messages.set(message, converted)
    return converted
  }

  /** The place of a message in a try that is not shown. Its parts are read when it is. */
  getAlternative(alternative: MessageAlternative, role: 'user' | 'assistant'): ThreadMessage {
    const { originalId: id, promptText } = alternative
    const known = this.#alternatives.get(id)
    if (known) return known
    const converted = toCompleteMessage({ id, role, content: role === 'user' ? promptText : [] }, id)
    this.#alternatives.set(id, converted)
    return converted
  }
}

export function toCompleteMessage(message: ThreadMessageLike, id: string): ThreadMessage {
  return fromThreadMessageLike(message, id, { type: 'complete', reason: 'unknown' })
}
