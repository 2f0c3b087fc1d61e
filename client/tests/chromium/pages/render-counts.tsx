import { memo, Profiler } from 'react'
import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { type LiveChat, SegueProvider, useChat, useLiveChat } from '../../../src/react/index.ts'

/** How often each component was rendered, by its name; and how often React has committed anything. */
const renders: Record<string, number> = {}
const count = (name: string): void => {
  renders[name] = (renders[name] ?? 0) + 1
}
Object.assign(window, { renders })

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? '' })

const Part = memo(({ chat, id, index }: { readonly chat: LiveChat; readonly id: string; readonly index: number }) => {
  const part = useChat(chat, ({ messages }) => messages.find((message) => message.id === id)?.parts[index])
  count(`part ${id} ${index}`)
  return <span data-part={`${id} ${index}`}>{part && 'text' in part ? part.text : ''}</span>
})

const Message = memo(({ chat, id }: { readonly chat: LiveChat; readonly id: string }) => {
  const length = useChat(chat, ({ messages }) => messages.find((message) => message.id === id)?.parts.length ?? 0)
  count(`message ${id}`)
  return Array.from({ length }, (_, index) => <Part key={index} chat={chat} id={id} index={index} />)
})

function Messages({ chat }: { readonly chat: LiveChat }) {
  const ids = useChat(chat, ({ messages }) => messages.map(({ id }) => id))
  count('messages')
  return ids.map((id) => <Message key={id} chat={chat} id={id} />)
}

function Page() {
  const chat = useLiveChat(location.hash.slice(1))
  const isLoading = useChat(chat, (state) => state.isLoading)
  count('page')
  return <main data-loaded={!isLoading}>{isLoading ? null : <Messages chat={chat} />}</main>
}

const root = document.querySelector('#root')
if (root) {
  createRoot(root).render(
    <SegueProvider client={client}>
      <Profiler id="page" onRender={() => count('commits')}>
        <Page />
      </Profiler>
    </SegueProvider>,
  )
}
