import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../../lib/errors.ts'
import type { RequestRejection } from '../request-rejection.ts'
import { sendJson } from './send-json.ts'

const codeByStatus: Readonly<Record<RequestRejection['status'], ErrorCode>> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  415: 'BAD_USER_INPUT',
  429: 'RATE_LIMITED',
  // Whoever issues the caller's token cannot be asked.
  503: 'UNAUTHENTICATED',
}

/** Answers an HTTP request that was rejected before it was handled. */
export function sendRejection(response: ServerResponse, rejection: RequestRejection): void {
  // The body of the request is never read, so the connection cannot be used again.
  sendJson(response, rejection.status, createRejectionBody(rejection), { ...rejection.headers, connection: 'close' })
}

/** Refuses the handshake of a WebSocket that was rejected. No browser shows the body to a page. */
export function rejectUpgrade(socket: Duplex, rejection: RequestRejection): void {
  const headers = { 'content-type': 'application/json; charset=utf-8', vary: 'Origin', ...rejection.headers }
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
  const code = codeByStatus[status]
  const extensions = code === 'BAD_USER_INPUT' ? { code, path: [] } : { code }
  return { errors: [{ message, extensions }] }
}
