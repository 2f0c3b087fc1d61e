import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { print } from 'graphql'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWebSocketClient } from 'graphql-ws'
import { graphqlPath } from '../../../src/server/graphql/yoga.ts'
import { readEventStream } from './event-stream.ts'

/** A typed document, or the text of one that no tool would make. */
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

/** A client of the API. What the server refuses is a result with errors, whichever way the transport tells it. */
export interface Client extends AsyncDisposable {
  /** The one result of a query or a mutation. */
  execute<Data, Variables extends object>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    operationName?: string,
  ): Promise<Result<Data>>
  /** The results of a subscription. Leaving the loop leaves the subscription. */
  subscribe<Data, Variables extends object>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    operationName?: string,
  ): AsyncIterable<Result<Data>>
}

/** `httpGet` is for what only reads: the server refuses the rest. */
export type Transport = 'http' | 'httpGet' | 'sse' | 'webSocket'

/** Those by which everything can be asked for. */
export const transports = ['http', 'sse', 'webSocket'] as const satisfies readonly Transport[]

/** Those by which everything can be read. */
export const readingTransports = [...transports, 'httpGet'] as const satisfies readonly Transport[]

/** A client of the server at this address, as in http://127.0.0.1:4000. */
export function connect(transport: Transport, url: string): Client {
  switch (transport) {
    case 'http':
      return httpClient((body, accept) =>
        fetch(url + graphqlPath, { method: 'POST', headers: { accept, 'content-type': 'application/json' }, body }),
      )
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

/** Plain requests; a subscription is one whose answer is a stream of events. */
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

/** Everything over event streams, a connection for each operation. */
function sseClient(url: string): Client {
  const client = createSseClient({ url, retryAttempts: 0, fetchFn: fetchStream })
  return {
    execute: (...operation) => requireSingleResult(client.iterate(toRequest(...operation))),
    subscribe: (...operation) => client.iterate(toRequest(...operation)),
    [Symbol.asyncDispose]: async () => client.dispose(),
  }
}

/** As fetch; a stream of events is read whatever its status is, for a refusal is told in one, too. */
async function fetchStream(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request)
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  return isStream ? new Response(response.body, { headers: response.headers }) : response
}

/** Everything over one socket. */
function webSocketClient(url: string): Client {
  const client = createWebSocketClient({ url, retryAttempts: 0 })
  async function* subscribe<Data>(...operation: Parameters<typeof toRequest>): AsyncGenerator<Result<Data>> {
    try {
      yield* client.iterate<Data>(toRequest(...operation))
    } catch (error) {
      // A list of errors is an answer; anything else, such as a socket that was closed, is none.
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
  if (!only || all.length > 1) throw new Error(`there were ${all.length} results instead of one`)
  return only
}

function toRequest(operation: Operation<unknown, never>, variables: object, operationName?: string) {
  const query = typeof operation === 'string' ? operation : print(operation)
  return { query, variables: { ...variables }, ...(operationName !== undefined && { operationName }) }
}

function toBody(...operation: Parameters<typeof toRequest>): string {
  return JSON.stringify(toRequest(...operation))
}

/** A body's members as parameters of a URL: the variables as JSON, the rest as it is. */
function toUrlParameters(body: string): Record<string, string> {
  const members: Record<string, unknown> = JSON.parse(body)
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}
