import { ConnectionMonitor } from './connection-monitor.ts'
import { createLeavableIterator } from './environment/leavable-iterator.ts'
import { chat, followSession, followStream } from './follow-events.ts'
import { createConversationList } from './lists/live-conversation-list.ts'
import { createPendingDecisions } from './lists/live-pending-decisions.ts'
import { foldChatEvents } from './model/fold-chat-event.ts'
import type { SegueClient, SegueClientOptions } from './segue-client.ts'
import { defaultReconnectOptions } from './connection/reconnect-options.ts'
import { createEndpoint } from './connection/endpoint.ts'
import { fetchFile } from './http/fetch-file.ts'
import { createLazyTransport } from './subscription/lazy-transport.ts'
import { HttpClient } from './http/http-client.ts'
import { RequestSender } from './http/request-sender.ts'
import { createSseTransport } from './subscription/sse-transport.ts'
import * as commands from './commands.ts'

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
  const leavable = <Item>(
    signal: AbortSignal | undefined,
    start: (signal: AbortSignal) => AsyncGenerator<Item, void>,
  ): AsyncIterableIterator<Item> => createLeavableIterator(start, [closing.signal, signal])

  return {
    connection,
    chat: (input, { signal } = {}) => leavable(signal, (leaving) => chat(subscriber, input, leaving)),
    follow: (streamId, followOptions = {}) =>
      leavable(followOptions.signal, (leaving) => followStream(subscriber, streamId, followOptions, leaving)),
    followSession: (sessionId, followOptions = {}) =>
      leavable(followOptions.signal, (leaving) => followSession(subscriber, sessionId, followOptions, leaving)),
    message: foldChatEvents,
    ...createCommands(requests),
    fileUrl: (fileUrl) => endpoint.resolveFileUrl(fileUrl) ?? fileUrl,
    file: (fileUrl, { signal } = {}) => fetchFile({ http, endpoint }, fileUrl, signal),
    request: async (document, variables, requestOptions) =>
      requests.send(
        { query: await toDocumentText(document), variables: { ...variables } },
        { ...requestOptions, mayTakeLong: true },
      ),
    conversations: (filter = {}, listOptions = {}) =>
      createConversationList({ subscriber, requests, closing: closing.signal }, filter, listOptions),
    decisions: (listOptions = {}) =>
      createPendingDecisions({ subscriber, requests, closing: closing.signal }, listOptions),
    close: () => {
      closing.abort()
      transport.close()
    },
  }
}

type Commands = Pick<
  SegueClient,
  'cancel' | 'updateQueued' | 'moveQueued' | 'sendQueued' | 'answerApproval' | 'answerClarification'
>

function createCommands(requests: RequestSender): Commands {
  return {
    cancel: (streamId, options) => commands.cancelStream(requests, streamId, options),
    updateQueued: (streamId, changes, options) => commands.updateQueuedMessage(requests, streamId, changes, options),
    moveQueued: (streamId, before, options) => commands.moveQueuedMessage(requests, streamId, before, options),
    sendQueued: (streamId, options) => commands.sendQueuedMessage(requests, streamId, options),
    answerApproval: (id, answer, options) => commands.answerApproval(requests, id, answer, options),
    answerClarification: (id, answer, options) => commands.answerClarification(requests, id, answer, options),
  }
}

/** The text of a document. Parsed ones need a printer, which is loaded on demand. */
async function toDocumentText(document: string | object): Promise<string> {
  // An object of the class String is what code generators call TypedDocumentString.
  const text: unknown = document.valueOf()
  if (typeof text === 'string' || typeof document === 'string') return String(text)
  const { printDocument } = await import('./wire/print-document.ts')
  return printDocument(document)
}
