import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RequestRejection } from './request-guard.ts'
import { sendJson } from './send-json.ts'

/** Answers an HTTP request that the request guard has rejected. */
export function sendRejection(response: ServerResponse, rejection: RequestRejection): void {
  // The body of the request is never read, so the connection cannot be used again.
  sendJson(response, rejection.status, createRejectionBody(rejection), { connection: 'close' })
}

/** Refuses the handshake of a WebSocket which the request guard has rejected. No browser shows the body to a page. */
export function rejectUpgrade(socket: Duplex, rejection: RequestRejection): void {
  const headers = { 'content-type': 'application/json; charset=utf-8', vary: 'Origin' }
  endUpgrade(socket, rejection.status, headers, JSON.stringify(createRejectionBody(rejection)))
}

/** Ends the handshake of a WebSocket with a response. */
export function endUpgrade(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): void {
  const allHeaders = { connection: 'close', 'content-length': String(Buffer.byteLength(body)), ...headers }
  const lines = Object.entries(allHeaders).map(([name, value]) => `${name}: ${value}\r\n`)
  // The client may never close its side of the connection.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
}

function createRejectionBody({ status, message }: RequestRejection): object {
  const extensions = status === 403 ? { code: 'FORBIDDEN' } : { code: 'BAD_USER_INPUT', path: [] }
  return { errors: [{ message, extensions }] }
}
