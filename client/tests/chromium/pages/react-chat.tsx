import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { SegueProvider, useChat } from '../../../src/react/index.ts'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:4000' })
const root = createRoot(document.querySelector('#root') ?? document.body)

function Chat() {
  const { messages, activeStream, sessionId, send, stop } = useChat(location.hash.slice(1) || null)
  if (sessionId) location.hash = sessionId
  return (
    <form action={(form) => send({ text: String(form.get('text')) })}>
      {messages.map(({ id, parts }) => (
        <p key={id}>{parts.map((part) => ('text' in part ? part.text : ''))}</p>
      ))}
      <input name="text" />
      {activeStream ? <button formAction={stop}>Stop</button> : <button>Send</button>}
    </form>
  )
}

root.render(<StrictMode children={<SegueProvider client={client} children={<Chat />} />} />)
