import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { SegueProvider, useChat } from '../../../src/react/index.ts'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:4000' })
const root = createRoot(document.querySelector('#root') ?? document.body)

function Chat() {
  const { messages, activeStream, sessionId, error, send, stop } = useChat(location.hash.slice(1) || null)
  if (sessionId) location.hash = sessionId
  return (
    <form action={(form) => void send({ text: String(form.get('text')) }).catch(console.warn)}>
      {messages.map(({ id, parts }) => (
        <p key={id}>{parts.map((part) => ('text' in part ? part.text : ''))}</p>
      ))}
      <output>{error?.message}</output>
      <input name="text" />
      {activeStream ? <button formAction={() => void stop().catch(console.warn)}>Stop</button> : <button>Send</button>}
    </form>
  )
}

root.render(<StrictMode children={<SegueProvider client={client} children={<Chat />} />} />)
