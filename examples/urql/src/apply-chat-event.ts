import { foldTextDelta, type GraphQLMessagePart, type GraphQLTextDelta } from 'segue-client/graphql'

export interface Message {
  readonly __typename: 'Message'
  readonly id: string
  readonly role: string
  readonly parts: readonly GraphQLMessagePart[]
}

/** Events that change nothing here have other names. */
export type ChatEvent =
  | { readonly __typename: 'StreamStarted'; readonly userMessage: Message }
  | (GraphQLTextDelta & { readonly __typename: 'TextDelta'; readonly messageId: string })
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
      const { messageId: id } = event
      const parts = messages.find((message) => message.id === id)?.parts ?? []
      return putMessage(messages, { __typename: 'Message', id, role: 'ASSISTANT', parts: foldTextDelta(parts, event) })
    }
    default:
      return messages
  }
}

function putMessage(messages: readonly Message[], message: Message): readonly Message[] {
  const isKnown = messages.some(({ id }) => id === message.id)
  return isKnown ? messages.map((other) => (other.id === message.id ? message : other)) : [...messages, message]
}
