import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { print } from 'graphql'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWebSocketClient } from 'graphql-ws'
import { graphqlPath } from '../../../src/server/graphql/graphql-path.ts'
import { readEventStream } from './event-stream.ts'

/** A typed document, or a text that no tool would generate. */
export type Operation<Data, Variables> = TypedDocumentNode<Data, Variables> | string

export interface ResultError {
  readonly message: string
  readonly path?: readonly (string | number)[] | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

export interface Result<Data> {
  readonly data?: Data | null | undefined
  readonly errors?: readonly ResultError[] | undefined
}

/** A client of the API. A refusal is a result with errors, whatever the transport does. */
export interface Client extends AsyncDisposable {
  /** Returns the only result of a query or mutation. */
  execute<Data, Variables extends object>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    operationName?: string,
  ): Promise<Result<Data>>
  /** Yields the results of a subscription. Leaving the loop ends the subscription. */
  subscribe<Data, Variables extends object>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    operationName?: string,
  ): AsyncIterable<Result<Data>>
}

/** The server refuses mutations over `httpGet`. */
export type Transport = 'http' | 'httpGet' | 'sse' | 'webSocket'

/** Transports for all operations. */
export const transports = ['http', 'sse', 'webSocket'] as const satisfies readonly Transport[]

/** Transports for queries. */
export const readingTransports = [...transports, 'httpGet'] as const satisfies readonly Transport[]

/** A client over HTTP that sends these headers with each request. */
export function connectWithHeaders(url: string, headers: Readonly<Record<string, string>>): Client {
  return httpClient((body, accept) =>
    fetch(url + graphqlPath, {
      method: 'POST',
      headers: { ...headers, accept, 'content-type': 'application/json' },
      body,
    }),
  )
}

/** Connects a client to the server with this URL, such as http://127.0.0.1:4000. */
export function connect(transport: Transport, url: string): Client {
  switch (transport) {
    case 'http':
      return connectWithHeaders(url, {})
    case 'httpGet':
      return httpClient((body, accept) =>
        fetch(`${url}${graphqlPath}?${new URLSearchParams(toUrlParameters(body))}`, { headers: { accept } }),
      )
    case 'sse':
      return sseClient(url + graphqlPath)
    case 'webSocket':
      return webSocketClient(url.replace(/^http/, 'ws') + graphqlPath)
  }
}

/** Plain HTTP requests. A subscription is a request whose response is an event stream. */
function httpClient(send: (body: string, accept: string) => Promise<Response>): Client {
  return {
    execute: async (...operation) => {
      const response = await send(toBody(...operation), 'application/graphql-response+json')
      return JSON.parse(await response.text())
    },
    async *subscribe(...operation) {
      const response = await send(toBody(...operation), 'text/event-stream')
      for await (const { event, data } of readEventStream(response)) {
        if (event === 'complete') return
        if (event === 'next') yield JSON.parse(data)
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Event streams, with one connection per operation. */
function sseClient(url: string): Client {
  const client = createSseClient({ url, retryAttempts: 0, fetchFn: fetchStream })
  return {
    execute: (...operation) => requireSingleResult(client.iterate(toRequest(...operation))),
    subscribe: (...operation) => client.iterate(toRequest(...operation)),
    [Symbol.asyncDispose]: async () => client.dispose(),
  }
}

/** Like fetch, but accepts event streams with any status, because refusals are event streams as well. */
async function fetchStream(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request)
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  return isStream ? new Response(response.body, { headers: response.headers }) : response
}

/** All operations over one socket. */
function webSocketClient(url: string): Client {
  const client = createWebSocketClient({ url, retryAttempts: 0 })
  async function* subscribe<Data>(...operation: Parameters<typeof toRequest>): AsyncGenerator<Result<Data>> {
    try {
      yield* client.iterate<Data>(toRequest(...operation))
    } catch (error) {
      // A list of errors is a result. Anything else, such as a closed socket, is a failure.
      if (!Array.isArray(error)) throw error
      yield { errors: error }
    }
  }
  return {
    execute: (...operation) => requireSingleResult(subscribe(...operation)),
    subscribe,
    [Symbol.asyncDispose]: async () => client.dispose(),
  }
}

async function requireSingleResult<Data>(results: AsyncIterable<Result<Data>>): Promise<Result<Data>> {
  const all: Result<Data>[] = []
  for await (const result of results) all.push(result)
  const [only] = all
  if (!only || all.length > 1) throw new Error(`There were ${all.length} results instead of one.`)
  return only
}

function toRequest(operation: Operation<unknown, never>, variables: object, operationName?: string) {
  const query = typeof operation === 'string' ? operation : print(operation)
  return { query, variables: { ...variables }, ...(operationName !== undefined && { operationName }) }
}

function toBody(...operation: Parameters<typeof toRequest>): string {
  return JSON.stringify(toRequest(...operation))
}

/** Converts the members of a body to URL parameters: variables as JSON, the others unchanged. */
function toUrlParameters(body: string): Record<string, string> {
  const members: Record<string, unknown> = JSON.parse(body)
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}
