import { gql, type TypedDocumentNode } from '@apollo/client'
import type { ChatEvent, Message } from './apply-chat-event.ts'

export interface ChatData {
  readonly session: {
    readonly __typename: 'Session'
    readonly id: string
    readonly headSeq: number
    readonly activeStream: { readonly id: string } | null
    readonly transcript: { readonly edges: readonly { readonly node: Message }[] }
  } | null
}

const messageFields = gql`
  fragment MessageFields on Message {
    id
    role
    parts {
      index
      ... on TextPart {
        text
      }
    }
  }
`

/** headSeq is never newer than the transcript: following after it misses nothing. */
export const chat: TypedDocumentNode<ChatData, { id: string }> = gql`
  query Chat($id: ID!) {
    session(id: $id) {
      id
      headSeq
      activeStream {
        id
      }
      transcript(last: 50) {
        edges {
          node {
            ...MessageFields
          }
        }
      }
    }
  }
  ${messageFields}
`

export const chatEvents: TypedDocumentNode<{ followSession: ChatEvent }, { id: string; after: number }> = gql`
  subscription ChatEvents($id: ID!, $after: Int!) {
    followSession(sessionId: $id, after: $after) {
      ... on StreamStarted {
        userMessage {
          ...MessageFields
        }
        stream {
          id
          session {
            id
            activeStream {
              id
            }
          }
        }
      }
      ... on TextDelta {
        messageId
        partIndex
        offset
        text
      }
      ... on StreamFinished {
        message {
          ...MessageFields
        }
        stream {
          id
          session {
            id
            activeStream {
              id
            }
          }
        }
      }
      ... on SessionContinued {
        toId
      }
    }
  }
  ${messageFields}
`

export const send: TypedDocumentNode<
  { startChat: { session: { id: string } } },
  { input: { text: string; sessionId: string | null } }
> = gql`
  mutation Send($input: StreamChatInput!) {
    startChat(input: $input) {
      id
      session {
        id
        activeStream {
          id
        }
      }
    }
  }
`

export const stop = gql`
  mutation Stop($streamId: ID!) {
    cancelStream(streamId: $streamId) {
      outcome
      message {
        ...MessageFields
      }
    }
  }
  ${messageFields}
`
