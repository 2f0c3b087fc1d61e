import { ConnectionMonitor } from './connection-monitor.ts'
import { createLeavableIterator } from './environment/leavable-iterator.ts'
import { loadOnDemand } from './environment/load-on-demand.ts'
import { chat, followSession, followStream } from './follow-events.ts'
import { createConversationList } from './lists/live-conversation-list.ts'
import { createPendingDecisions } from './lists/live-pending-decisions.ts'
import { foldChatEvents } from './model/fold-chat-event.ts'
import type { LeaveOptions, SegueClient, SegueClientOptions } from './segue-client.ts'
import { defaultReconnectOptions } from './connection/reconnect-options.ts'
import { createEndpoint, type Endpoint } from './connection/endpoint.ts'
import { subscribeWithRetry } from './subscription/subscribe-with-retry.ts'
import { createLazyTransport } from './subscription/lazy-transport.ts'
import { HttpClient } from './http/http-client.ts'
import { RequestSender } from './http/request-sender.ts'
import { createSseTransport } from './subscription/sse-transport.ts'
import { createCommands } from './commands/create-commands.ts'

/** Creates a client of a server. It sends nothing before it is used. */
export function createSegueClient(options: SegueClientOptions): SegueClient {
  const { url, token, webSocketImpl } = options
  const reconnect = { ...defaultReconnectOptions, ...options.reconnect }
  const hasWebSocket = webSocketImpl !== undefined || typeof WebSocket === 'function'
  const { transport: transportName = hasWebSocket ? 'ws' : 'sse' } = options
  const endpoint = createEndpoint(url)
  const { graphqlUrl } = endpoint
  const closing = new AbortController()
  const connection = new ConnectionMonitor(options.onConnectionLost)
  const http = new HttpClient({
    fetch: options.fetch ?? ((...args) => fetch(...args)),
    token,
    reconnect,
    connection,
    closing: closing.signal,
  })
  const transport =
    transportName === 'ws'
      ? createLazyTransport(async () => {
          const { createWebSocketTransport } = await import('./subscription/websocket-transport.ts')
          return createWebSocketTransport({ url: graphqlUrl, token, webSocketImpl, reconnect, connection })
        })
      : createSseTransport(http, graphqlUrl, reconnect)
  const requests = new RequestSender(http, graphqlUrl, reconnect.idleTimeoutMs)
  const subscriber = { transport, reconnect, connection }
  const listOptions = { subscriber, requests, closing: closing.signal }
  const leavable = <Item>(
    { signal }: LeaveOptions = {},
    start: (signal: AbortSignal) => AsyncGenerator<Item, void>,
  ): AsyncIterableIterator<Item> => createLeavableIterator(start, [closing.signal, signal])

  return {
    ...createCommands(requests),
    connection,
    chat: (input, leaveOptions) => leavable(leaveOptions, (leaving) => chat(subscriber, input, leaving)),
    follow: (streamId, followOptions) =>
      leavable(followOptions, (leaving) => followStream(subscriber, streamId, leaving, followOptions)),
    followSession: (sessionId, followOptions) =>
      leavable(followOptions, (leaving) => followSession(subscriber, sessionId, leaving, followOptions)),
    message: foldChatEvents,
    ...createFileCommands(http, endpoint),
    request: async (document, variables, requestOptions) =>
      requests.send(
        { query: await toDocumentText(document), variables: { ...variables } },
        { ...requestOptions, mayTakeLong: true },
      ),
    subscribe: (document, variables, leaveOptions) =>
      leavable(leaveOptions, async function* (leaving) {
        const operation = { query: await toDocumentText(document), variables: { ...variables } }
        yield* subscribeWithRetry(subscriber, () => operation, leaving)
      }),
    conversations: (filter, { pageSize } = {}) => createConversationList(listOptions, filter, pageSize),
    decisions: ({ profile } = {}) => createPendingDecisions(listOptions, profile),
    close: () => {
      closing.abort()
      transport.close()
    },
  }
}

function createFileCommands(http: HttpClient, endpoint: Endpoint): Pick<SegueClient, 'file' | 'fileUrl' | 'upload'> {
  return {
    upload: async (file, uploadOptions = {}) => {
      const { uploadFile } = await loadOnDemand(import('./http/upload-file.ts'))
      return uploadFile({ http, endpoint }, file, uploadOptions)
    },
    fileUrl: (fileUrl) => endpoint.resolveFileUrl(fileUrl) ?? fileUrl,
    file: async (fileUrl, { signal } = {}) => {
      const { fetchFile } = await loadOnDemand(import('./http/fetch-file.ts'))
      return fetchFile({ http, endpoint }, fileUrl, signal)
    },
  }
}

/** The text of a document. Parsed ones need a printer, which is loaded on demand. */
async function toDocumentText(document: string | object): Promise<string> {
  // An object of the class String is what code generators call TypedDocumentString.
  const text: unknown = document.valueOf()
  if (typeof text === 'string') return text
  const { printDocument } = await loadOnDemand(import('./wire/print-document.ts'))
  return printDocument(text)
}
