import { useMutation, useQuery } from '@apollo/client/react'
import { useEffect } from 'react'
import { applyChatEvent } from './apply-chat-event.ts'
import { chat, chatEvents, send, stop } from './chat-documents.ts'

/** A chat. Without an id, a new one. */
export function Chat({ id }: { readonly id: string }) {
  const { data, error, refetch, subscribeToMore } = useQuery(chat, { variables: { id }, skip: id === '' })
  const [sendMessage, sent] = useMutation(send, { errorPolicy: 'all' })
  const [stopAnswer] = useMutation(stop)
  const session = data?.session
  const isRead = session !== undefined && session !== null

  useEffect(() => {
    if (!isRead) return
    return subscribeToMore({
      document: chatEvents,
      variables: { id, after: session.headSeq },
      updateQuery: (_, { complete, previousData, subscriptionData }) => {
        const event = subscriptionData.data.followSession
        if (event.__typename === 'SessionContinued') location.hash = event.toId
        if (event.__typename === 'StreamReset') void refetch()
        if (!complete || !previousData.session) return undefined
        const { transcript } = previousData.session
        const nodes = applyChatEvent(
          transcript.edges.map(({ node }) => node),
          event,
        )
        const edges = nodes.map((node) => ({ __typename: 'MessageEdge', node }))
        return { session: { ...previousData.session, transcript: { ...transcript, edges } } }
      },
    })
    // Not with each headSeq: the subscription goes on by itself.
  }, [id, isRead, refetch, subscribeToMore])

  const submit = async (form: FormData) => {
    const input = { text: String(form.get('text')), sessionId: id || null }
    const result = await sendMessage({ variables: { input } })
    if (result.data) location.hash = result.data.startChat.session.id
  }
  const streamId = session?.activeStream?.id
  return (
    <form action={submit}>
      <ol aria-label="Messages">
        {session?.transcript.edges.map(({ node }) => (
          <li key={node.id}>{node.parts.map(({ text }) => text)}</li>
        ))}
      </ol>
      <output>{(sent.error ?? error)?.message}</output>
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
