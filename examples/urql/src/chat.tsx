import { useState } from 'react'
import { useMutation, useQuery, useSubscription } from 'urql'
import { chat, chatEvents, send, stop } from './chat-documents.ts'

/** A chat. Without an id, a new one. */
export function Chat({ id }: { readonly id: string }) {
  const [{ data, error }, read] = useQuery({ query: chat, variables: { id }, pause: id === '' })
  const [sent, sendMessage] = useMutation(send)
  const [, stopAnswer] = useMutation(stop)
  const session = data?.session
  // The first one: the subscription goes on by itself, and the cache keeps what it brings.
  const [after, setAfter] = useState<number | null>(null)
  if (session && after === null) setAfter(session.headSeq)

  const variables = { id, after: after ?? 0 }
  useSubscription({ query: chatEvents, variables, pause: after === null }, (_, result) => {
    const event = result.followSession
    if (event.__typename === 'SessionContinued') location.hash = event.toId
    if (event.__typename === 'StreamReset') read({ requestPolicy: 'network-only' })
    return result
  })

  const submit = async (form: FormData) => {
    const result = await sendMessage({ input: { text: String(form.get('text')), sessionId: id || null } })
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
        <button type="button" onClick={() => void stopAnswer({ streamId })}>
          Stop
        </button>
      )}
    </form>
  )
}
