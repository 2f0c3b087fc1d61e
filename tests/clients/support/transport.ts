import { setTimeout as pause } from 'node:timers/promises'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWebSocketClient } from 'graphql-ws'

export interface GraphqlOperation {
  readonly operationName: string
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

export interface GraphqlResult {
  readonly data: Record<string, unknown> | null
  readonly errors?: readonly { readonly message: string }[]
}

export interface ResultObserver {
  next(result: GraphqlResult): void
  error(error: unknown): void
  complete(): void
}

export type SubscriptionProtocol = 'ws' | 'sse'

/** Sends operations of any client library to a server, and reconnects by itself. */
export interface GraphqlTransport extends AsyncDisposable {
  /** Sends a query or a mutation over HTTP. */
  execute(operation: GraphqlOperation): Promise<GraphqlResult>
  /** Returns a function that ends the subscription. */
  subscribe(operation: GraphqlOperation, observer: ResultObserver): () => void
}

/** @param url For example `http://127.0.0.1:4000`. */
export function createTransport(url: string, protocol: SubscriptionProtocol): GraphqlTransport {
  const subscriptions = protocol === 'ws' ? createWebSocketSubscriptions(url) : createSseSubscriptions(url)
  return {
    execute: async (operation) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(operation),
      })
      return response.json()
    },
    subscribe: (operation, observer) =>
      subscriptions.subscribe<Record<string, unknown>>(
        { ...operation, variables: { ...operation.variables } },
        {
          next: ({ data = null, errors }) => observer.next({ data, ...(errors && { errors }) }),
          error: (error) => observer.error(error),
          complete: () => observer.complete(),
        },
      ),
    [Symbol.asyncDispose]: async () => subscriptions.dispose(),
  }
}

/** Connections are tried again soon, and for as long as a cut takes. */
const retry = { retryAttempts: Infinity, wait: () => pause(20) }

function createWebSocketSubscriptions(url: string) {
  return createWebSocketClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    shouldRetry: () => true,
    retryAttempts: retry.retryAttempts,
    retryWait: retry.wait,
  })
}

function createSseSubscriptions(url: string) {
  return createSseClient({ url: `${url}/graphql`, retryAttempts: retry.retryAttempts, retry: retry.wait })
}
