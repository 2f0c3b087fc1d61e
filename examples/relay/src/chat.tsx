import { useEffect } from 'react'
import {
  fetchQuery,
  graphql,
  requestSubscription,
  useLazyLoadQuery,
  useMutation,
  useRelayEnvironment,
} from 'react-relay'
import type { chatEventsSubscription } from './__generated__/chatEventsSubscription.graphql.ts'
import type { chatQuery } from './__generated__/chatQuery.graphql.ts'
import type { chatSendMutation } from './__generated__/chatSendMutation.graphql.ts'
import type { chatStopMutation } from './__generated__/chatStopMutation.graphql.ts'
import { updateChat } from './update-chat.ts'

/** What the operations below select of a message. */
export const chatMessage = graphql`
  fragment chatMessage on Message {
    id
    parts {
      index
      ... on TextPart {
        text
      }
    }
  }
`

/** headSeq is never newer than the transcript: following after it misses nothing. */
const chat = graphql`
  query chatQuery($id: ID!, $isNew: Boolean!) {
    session(id: $id) @skip(if: $isNew) {
      id
      headSeq
      activeStream {
        id
      }
      transcript(last: 50) {
        edges {
          node {
            ...chatMessage @relay(mask: false)
          }
        }
      }
    }
  }
`

const events = graphql`
  subscription chatEventsSubscription($id: ID!, $after: Int!) {
    followSession(sessionId: $id, after: $after) {
      __typename
      ... on StreamStarted {
        userMessage {
          ...chatMessage @relay(mask: false)
        }
        stream {
          session {
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
          ...chatMessage @relay(mask: false)
        }
        stream {
          session {
            activeStream {
              id
            }
          }
        }
      }
      ... on SessionContinued {
        toId
      }
      ... on StreamReset {
        reason
      }
    }
  }
`

const send = graphql`
  mutation chatSendMutation($input: StreamChatInput!) {
    startChat(input: $input) {
      session {
        id
        activeStream {
          id
        }
      }
    }
  }
`

const stop = graphql`
  mutation chatStopMutation($streamId: ID!) {
    cancelStream(streamId: $streamId) {
      message {
        ...chatMessage @relay(mask: false)
      }
    }
  }
`

/** A chat. Without an id, a new one. */
export function Chat({ id }: { readonly id: string }) {
  const environment = useRelayEnvironment()
  const variables = { id, isNew: id === '' }
  const { session } = useLazyLoadQuery<chatQuery>(chat, variables)
  const [sendMessage] = useMutation<chatSendMutation>(send)
  const [stopAnswer] = useMutation<chatStopMutation>(stop)
  const headSeq = session?.headSeq

  useEffect(() => {
    if (headSeq === undefined) return
    return requestSubscription<chatEventsSubscription>(environment, {
      subscription: events,
      variables: { id, after: headSeq },
      updater: (store, data) => {
        if (data) updateChat(store, id, data.followSession)
      },
      onNext: (data) => {
        const event = data?.followSession
        if (event?.__typename === 'SessionContinued') location.hash = event.toId
        if (event?.__typename === 'StreamReset') fetchQuery(environment, chat, { id, isNew: false }).subscribe({})
      },
    }).dispose
  }, [environment, id, headSeq])

  const submit = (form: FormData) =>
    void sendMessage({
      variables: { input: { text: String(form.get('text')), sessionId: id || null } },
      onCompleted: ({ startChat }) => {
        if (startChat) location.hash = startChat.session.id
      },
    })
  const streamId = session?.activeStream?.id
  return (
    <form action={submit}>
      <ol aria-label="Messages">
        {session?.transcript.edges.map(({ node }) => (
          <li key={node.id}>{node.parts.map(({ text }) => text)}</li>
        ))}
      </ol>
      <input name="text" aria-label="Message" />
      {streamId === undefined ? (
        <button>Send</button>
      ) : (
        <button type="button" onClick={() => void stopAnswer({ variables: { streamId } })}>
          Stop
        </button>
      )}
    </form>
  )
}
