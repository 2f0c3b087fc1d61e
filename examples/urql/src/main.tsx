import { cacheExchange } from '@urql/exchange-graphcache'
import { createClient } from 'graphql-ws'
import { createRoot } from 'react-dom/client'
import { Client, Provider, subscriptionExchange } from 'urql'
import { updateChat } from './update-chat.ts'
import { Chat } from './chat.tsx'
import { Conversations } from './conversations.tsx'

const url = `${import.meta.env.VITE_SEGUE_URL ?? 'http://127.0.0.1:4000'}/graphql`
// Its ids are UUIDs, so that nothing happens twice after a lost connection.
const socket = createClient({ url: url.replace('http', 'ws'), shouldRetry: () => true, retryAttempts: Infinity })

const client = new Client({
  url,
  exchanges: [
    cacheExchange({
      // Parts have no id: they stay within their message.
      keys: { TextPart: () => null, ReasoningPart: () => null, ToolCallPart: () => null, FilePart: () => null },
      updates: { Subscription: { followSession: updateChat } },
    }),
    // Queries, mutations and subscriptions over one socket.
    subscriptionExchange({
      enableAllOperations: true,
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables: { ...variables } }, sink) }),
      }),
    }),
  ],
})
const page = createRoot(document.querySelector('#root') ?? document.body)

/** The address has the session that is shown. */
function show(): void {
  const id = location.hash.slice(1)
  page.render(
    <Provider value={client}>
      <Conversations />
      <Chat key={id} id={id} />
    </Provider>,
  )
}
addEventListener('hashchange', show)
show()
