import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { useSegueChat } from '../../../src/ai-sdk/index.ts'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:4000' })
location.hash ||= crypto.randomUUID()

function Chat() {
  const chat = useSegueChat({ client, id: location.hash.slice(1), instructions: 'Answer in one sentence.' })
  const isRunning = chat.status === 'submitted' || chat.status === 'streaming'
  const send = (text: string) => (isRunning ? chat.steer({ text }).catch(console.warn) : chat.sendMessage({ text }))
  const parts = chat.messages.flatMap((message) => message.parts)
  return (
    <form action={(form) => void send(String(form.get('text')))}>
      {parts.map((part, index) => {
        if (part.type === 'steering-message')
          return <b key={index}>{part.parts.map((it) => ('text' in it ? it.text : ''))}</b>
        return <p key={index}>{part.type === 'text' ? part.text : null}</p>
      })}
      <input name="text" />
    </form>
  )
}

createRoot(document.querySelector('#root') ?? document.body).render(<Chat />)
