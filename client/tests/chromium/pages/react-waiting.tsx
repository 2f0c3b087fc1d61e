import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { type LiveChat, SegueProvider, useChat, useLiveChat } from '../../../src/react/index.ts'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:4000' })

function Waiting({ chat }: { readonly chat: LiveChat }) {
  const { queue, steering } = useChat(chat, (state) => ({ queue: state.queue, steering: state.steering }))
  const edit = (id: string, text: string | null) => void (text && chat.updateQueued(id, { text }).catch(console.warn))
  return (
    <ul>
      {steering.map(({ id, parts }) => (
        <li key={id}>
          {parts.map((part) => ('text' in part ? part.text : ''))}
          <button onClick={() => void chat.withdraw(id).catch(console.warn)}>Take back</button>
        </li>
      ))}
      {queue.map(({ stream: { id }, message }, index) => (
        <li key={id}>
          {message.parts.map((part) => ('text' in part ? part.text : ''))}
          <button onClick={() => edit(id, prompt('Text'))}>Edit</button>
          <button onClick={() => void chat.moveQueued(id, queue[index - 1]?.stream.id ?? null).catch(console.warn)}>
            Up
          </button>
          <button onClick={() => void chat.sendQueued(id).catch(console.warn)}>Send now</button>
          <button onClick={() => void chat.cancelQueued(id).catch(console.warn)}>Take back</button>
        </li>
      ))}
    </ul>
  )
}

function Page() {
  const chat = useLiveChat(location.hash.slice(1))
  const stop = async () => console.log(...((await chat.stop())?.withdrawn ?? []).map(({ id }) => `withdrawn ${id}`))
  return (
    <form action={(form) => void chat.send({ text: String(form.get('text')), ifBusy: 'STEER' }).catch(console.warn)}>
      <Waiting chat={chat} />
      <input name="text" />
      <button>Steer</button>
      <button formAction={() => void stop()}>Stop</button>
    </form>
  )
}

createRoot(document.querySelector('#root') ?? document.body).render(
  <SegueProvider client={client} children={<Page />} />,
)
