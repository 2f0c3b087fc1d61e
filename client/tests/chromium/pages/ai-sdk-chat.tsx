import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { useSegueChat } from '../../../src/ai-sdk/index.ts'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:4000' })
location.hash ||= crypto.randomUUID()

function Chat() {
  const { messages, status, error, sendMessage, stop } = useSegueChat({ client, id: location.hash.slice(1) })
  const isRunning = status === 'submitted' || status === 'streaming'
  return (
    <form action={(form) => sendMessage({ text: String(form.get('text')) })}>
      {messages.map(({ id, parts }) => (
        <p key={id}>{parts.map((part) => (part.type === 'text' ? part.text : ''))}</p>
      ))}
      <output>{error?.message}</output>
      <input name="text" />
      {isRunning ? <button formAction={stop}>Stop</button> : <button>Send</button>}
    </form>
  )
}

createRoot(document.querySelector('#root') ?? document.body).render(<Chat />)
