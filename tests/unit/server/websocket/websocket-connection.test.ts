import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { WebSocketClosedError, WebSocketConnection } from '../../../../src/server/websocket/websocket-connection.ts'

/** A client, and the server's side of its connection. */
async function connect(): Promise<{ client: WebSocket; webSocket: WebSocket; connection: WebSocketConnection }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  const client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`)
  onTestFinished(() => {
    client.terminate()
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  const connected: Promise<[WebSocket, IncomingMessage]> = new Promise((resolve) => {
    server.once('connection', (webSocket, request) => resolve([webSocket, request]))
  })
  const [[webSocket, { socket: tcpSocket }]] = await Promise.all([connected, once(client, 'open')])
  return { client, webSocket, connection: new WebSocketConnection(webSocket, tcpSocket) }
}

test('the limit of what waits to be sent counts the bytes of a text, not its characters', async () => {
  const { client, webSocket, connection } = await connect()
  client.pause()
  // More than the operating system buffers, so that everything after it waits.
  const blocked = connection.send('x'.repeat(16 * 1_048_576))
  // 1.2 MB in 400,000 characters: above the limit of 1 MiB only when bytes are counted.
  const waiting = connection.send('€'.repeat(400_000))
  await yieldToEventLoop()
  expect(webSocket.isPaused).toBe(true)

  client.resume()
  await Promise.all([blocked, waiting])
  expect(webSocket.isPaused).toBe(false)
})

test('a message to a closed connection is rejected', async () => {
  const { client, webSocket, connection } = await connect()
  client.close()
  await once(webSocket, 'close')
  expect(connection.isOpen).toBe(false)
  await expect(connection.send('too late')).rejects.toThrow(WebSocketClosedError)
})
