import { ConnectionLostError } from '../connection/connection-lost-error.ts'
import { EventStreamParser } from './event-stream-parser.ts'
import type { HttpClient, HttpRequest } from '../http/http-client.ts'
import { createHeartbeatTimeout } from '../connection/idle-timeout.ts'
import { readChunks } from './read-chunks.ts'
import { createHttpError, type ExecutionResult, parseResult } from '../http/read-result.ts'
import type { ReconnectOptions } from '../connection/reconnect-options.ts'
import type { Operation, SubscriptionTransport } from './transport.ts'

/** Subscriptions as server-sent events: one request for each. */
export function createSseTransport(http: HttpClient, url: string, reconnect: ReconnectOptions): SubscriptionTransport {
  return {
    subscribe: ({ query, variables }: Operation, signal: AbortSignal) => {
      const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
      const body = JSON.stringify({ query, variables })
      const init: HttpRequest['init'] = { method: 'POST', headers, body, cache: 'no-store' }
      return http.exchange({ url, init, idleTimeout: createHeartbeatTimeout(reconnect) }, readResults, signal)
    },
    close: () => undefined,
  }
}

async function* readResults(response: Response, touch: () => void): AsyncGenerator<ExecutionResult, void> {
  const isEventStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  if (!response.ok || !isEventStream) throw await createHttpError(response)
  const parser = new EventStreamParser()
  for await (const chunk of readChunks(response)) {
    touch()
    for (const { event, data } of parser.push(chunk)) {
      if (event === 'complete') return
      const result = event === 'next' && parseResult(data)
      if (result) yield result
    }
  }
  throw new ConnectionLostError('The event stream ended before it was complete.')
}
