import { createRoot } from 'react-dom/client'
import { createSegueClient } from 'segue-client'
import { useSegueChat } from 'segue-client/ai-sdk'
import { SegueProvider } from 'segue-client/react'
import { Conversations } from './conversations.tsx'

const client = createSegueClient({ url: import.meta.env.VITE_SEGUE_URL ?? 'http://127.0.0.1:4000' })

function Chat({ id }: { readonly id: string }) {
  const { messages, status, error, sendMessage, stop } = useSegueChat({ client, id })
  return (
    <form action={(form) => void sendMessage({ text: String(form.get('text')) })}>
      <ol aria-label="Messages">
        {messages.map((message) => (
          <li key={message.id}>{message.parts.map((part) => (part.type === 'text' ? part.text : null))}</li>
        ))}
      </ol>
      <output>{error?.message}</output>
      <input name="text" aria-label="Message" />
      {status === 'ready' || status === 'error' ? <button>Send</button> : <button formAction={stop}>Stop</button>}
    </form>
  )
}

const page = createRoot(document.querySelector('#root') ?? document.body)
function show() {
  if (!location.hash) history.replaceState(null, '', `#${crypto.randomUUID()}`)
  const id = location.hash.slice(1)
  page.render(<SegueProvider client={client} children={[<Conversations key="list" />, <Chat key={id} id={id} />]} />)
}
addEventListener('hashchange', show)
show()
