import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { createSegueClient } from 'segue-client'
import { SegueProvider, useChat } from 'segue-client/react'
import { Conversations } from './conversations.tsx'

const client = createSegueClient({ url: import.meta.env.VITE_SEGUE_URL ?? 'http://127.0.0.1:4000' })

function Chat() {
  const { messages, activeStream, sessionId, error, send, stop } = useChat(location.hash.slice(1) || null)
  useEffect(() => history.replaceState(null, '', `#${sessionId ?? ''}`), [sessionId])
  return (
    <form action={(form) => void send({ text: String(form.get('text')) }).catch(console.warn)}>
      <ol aria-label="Messages">
        {messages.map(({ id, parts }) => (
          <li key={id}>{parts.map((part) => (part.type === 'text' ? part.text : null))}</li>
        ))}
      </ol>
      <output>{error?.message}</output>
      <input name="text" aria-label="Message" />
      {activeStream ? <button formAction={() => void stop().catch(console.warn)}>Stop</button> : <button>Send</button>}
    </form>
  )
}

const page = createRoot(document.querySelector('#root') ?? document.body)
const show = () =>
  page.render(<SegueProvider client={client} children={[<Conversations key="list" />, <Chat key={Date.now()} />]} />)
addEventListener('hashchange', show)
show()
