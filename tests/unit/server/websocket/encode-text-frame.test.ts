import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { expect, onTestFinished, test } from 'vitest'
import { encodeTextFrame, maxFrameBytes } from '../../../../src/server/websocket/encode-text-frame.ts'

test.each([3, 125, 126, 127, maxFrameBytes])(
  'a message of %d bytes is one text frame, as ws reads it',
  async (length) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => server.close())
    const text = Buffer.alloc(length - 2, 'x')
    server.once('connection', (_, request) =>
      request.socket.write(encodeTextFrame(Buffer.from('<'), text, Buffer.from('>'))),
    )
    await once(server, 'listening')
    const address = server.address()
    const client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`)
    onTestFinished(() => client.terminate())
    const [message, isBinary]: unknown[] = await once(client, 'message')
    expect(isBinary).toBe(false)
    expect(message).toEqual(Buffer.concat([Buffer.from('<'), text, Buffer.from('>')]))
  },
)
