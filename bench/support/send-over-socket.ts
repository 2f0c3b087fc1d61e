// Opens a WebSocket, sends the messages of a file in one piece, one of them in each line, and leaves after a second.
// Usage: node send-over-socket.ts <url> <file>
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'

const [url = '', file = ''] = process.argv.slice(2)
const messages = readFileSync(file, 'utf8').split('\n')
const webSocket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
const upgraded = once(webSocket, 'upgrade')
await once(webSocket, 'open')
const [{ socket }] = await upgraded
webSocket.send('{"type":"connection_init"}')
await once(webSocket, 'message')
socket.cork()
for (const message of messages) webSocket.send(message)
socket.uncork()
await pause(1000)
webSocket.terminate()
