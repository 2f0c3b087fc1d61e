import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { WebSocket } from 'ws'

/** Called with each message that a reader has received. */
export type OnMessage = (message: Buffer) => void

/** Closes a reader. */
export type CloseReader = () => void

/** Opens a WebSocket. With a query it speaks graphql-transport-ws, and follows the subscription. */
export async function openSocketReader(url: string, query: string | null, onMessage: OnMessage): Promise<CloseReader> {
  const protocols = query === null ? [] : ['graphql-transport-ws']
  const socket = new WebSocket(url.replace('http', 'ws'), protocols, { skipUTF8Validation: true })
  await once(socket, 'open')
  if (query !== null) {
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    socket.send(JSON.stringify({ id: crypto.randomUUID(), type: 'subscribe', payload: { query } }))
  }
  socket.on('message', (data) => {
    if (Buffer.isBuffer(data)) onMessage(data)
  })
  return () => socket.terminate()
}

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })

/** Opens an event stream. With a query it is a subscription of GraphQL over server-sent events. Counts chunks as messages. */
export async function openEventStreamReader(
  url: string,
  query: string | null,
  onMessage: OnMessage,
): Promise<CloseReader> {
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json' }
  const call = request(url, { method: query === null ? 'GET' : 'POST', headers, agent })
  call.on('error', () => undefined)
  call.end(query === null ? undefined : JSON.stringify({ query }))
  const [response]: IncomingMessage[] = await once(call, 'response')
  response?.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf('data:'); at >= 0; at = chunk.indexOf('data:', at + 1)) onMessage(chunk.subarray(at))
  })
  return () => call.destroy()
}

/** Sends a query or a mutation, and returns its data as text. */
export async function post(url: string, query: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  const text = await response.text()
  if (text.includes('"errors"')) throw new Error(text)
  return text
}

/** The first id of this type in a text: `str`, for example. */
export function findId(text: string, type: string): string {
  const id = new RegExp(`${type}_[0-9a-z]{26}`).exec(text)?.[0]
  if (id === undefined) throw new Error(`There is no id of the type ${type} in ${text}`)
  return id
}
