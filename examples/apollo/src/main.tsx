import { ApolloClient, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { ApolloProvider } from '@apollo/client/react'
import { createClient } from 'graphql-ws'
import { createRoot } from 'react-dom/client'
import { Chat } from './chat.tsx'
import { Conversations } from './conversations.tsx'

const url = `${import.meta.env.VITE_SEGUE_URL ?? 'http://127.0.0.1:4000'}/graphql`.replace('http', 'ws')

const client = new ApolloClient({
  // Queries, mutations and subscriptions over one socket. Its ids are UUIDs, so that nothing happens twice after a lost connection.
  link: new GraphQLWsLink(createClient({ url, shouldRetry: () => true, retryAttempts: Infinity })),
  cache: new InMemoryCache({
    // Parts have no id: the new list replaces the old one.
    typePolicies: {
      Message: { fields: { parts: { merge: false } } },
      Session: { fields: { transcript: { merge: false } } },
    },
  }),
})
const page = createRoot(document.querySelector('#root') ?? document.body)

/** The address has the session that is shown. */
function show(): void {
  const id = location.hash.slice(1)
  page.render(
    <ApolloProvider client={client}>
      <Conversations />
      <Chat key={id} id={id} />
    </ApolloProvider>,
  )
}
addEventListener('hashchange', show)
show()
