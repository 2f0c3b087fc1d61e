export interface MessagePart {
  readonly __typename: string
  readonly index: number
  readonly text?: string
}

export interface Message {
  readonly __typename: 'Message'
  readonly id: string
  readonly role: string
  readonly parts: readonly MessagePart[]
}

/** Events that change nothing here have other names. */
export type ChatEvent =
  | { readonly __typename: 'StreamStarted'; readonly userMessage: Message }
  | {
      readonly __typename: 'TextDelta'
      readonly messageId: string
      readonly partIndex: number
      readonly offset: number
      readonly text: string
    }
  | { readonly __typename: 'StreamFinished'; readonly message: Message | null }
  | { readonly __typename: 'SessionContinued'; readonly toId: string }
  | { readonly __typename: 'StreamReset' }

/** The messages after an event. An event that comes again, after a lost connection, changes nothing. */
export function applyChatEvent(messages: readonly Message[], event: ChatEvent): readonly Message[] {
  switch (event.__typename) {
    case 'StreamStarted':
      return putMessage(messages, event.userMessage)
    case 'StreamFinished':
      return event.message ? putMessage(messages, event.message) : messages
    case 'TextDelta': {
      const { messageId: id, partIndex: index, offset, text } = event
      const message = messages.find((other) => other.id === id)
      const parts = message?.parts ?? []
      const before = parts.find((part) => part.index === index)?.text ?? ''
      const after = before.slice(0, offset) + text + before.slice(offset + text.length)
      const others = parts.filter((part) => part.index !== index)
      const changed = [...others, { __typename: 'TextPart', index, text: after }].sort((a, b) => a.index - b.index)
      return putMessage(messages, { __typename: 'Message', id, role: 'ASSISTANT', parts: changed })
    }
    default:
      return messages
  }
}

function putMessage(messages: readonly Message[], message: Message): readonly Message[] {
  const isKnown = messages.some(({ id }) => id === message.id)
  return isKnown ? messages.map((other) => (other.id === message.id ? message : other)) : [...messages, message]
}
