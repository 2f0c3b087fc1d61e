import { createClient } from 'graphql-ws'
import { Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { RelayEnvironmentProvider } from 'react-relay'
import {
  Environment,
  type GraphQLResponse,
  Network,
  Observable,
  type RequestParameters,
  type Variables,
} from 'relay-runtime'
import { Chat } from './chat.tsx'
import { Conversations } from './conversations.tsx'

const url = `${import.meta.env.VITE_SEGUE_URL ?? 'http://127.0.0.1:4000'}/graphql`.replace('http', 'ws')
// Its ids are UUIDs, so that nothing happens twice after a lost connection.
const socket = createClient({ url, shouldRetry: () => true, retryAttempts: Infinity })

/** Queries, mutations and subscriptions go over one socket. */
function execute({ name, text }: RequestParameters, variables: Variables): Observable<GraphQLResponse> {
  const operation = { operationName: name, query: text ?? '', variables }
  return Observable.create((sink) =>
    socket.subscribe<GraphQLResponse>(operation, {
      // Relay's type of a response is stricter than that of graphql-ws.
      next: (result) => sink.next(result as unknown as GraphQLResponse),
      error: (error) => sink.error(error instanceof Error ? error : new Error(String(error))),
      complete: () => sink.complete(),
    }),
  )
}

const environment = new Environment({ network: Network.create(execute, execute) })
const page = createRoot(document.querySelector('#root') ?? document.body)

/** The address has the session that is shown. */
function show(): void {
  const id = location.hash.slice(1)
  page.render(
    <RelayEnvironmentProvider environment={environment}>
      <Suspense>
        <Conversations />
      </Suspense>
      <Suspense key={id}>
        <Chat id={id} />
      </Suspense>
    </RelayEnvironmentProvider>,
  )
}
addEventListener('hashchange', show)
show()
