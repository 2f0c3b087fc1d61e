import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { HttpMcpServer } from '../../../src/config/profile/mcp/mcp-server.ts'
import { startHttpServer } from '../server/small-server.ts'
import { newHttpServer } from './server-settings.ts'

const messageSchema = z.object({
  id: z.int().optional(),
  method: z.string(),
  params: z
    .looseObject({
      name: z.string().optional(),
      _meta: z.looseObject({ progressToken: z.string().optional() }).optional(),
    })
    .default({}),
})
export type Message = z.output<typeof messageSchema>

export interface ReceivedMessage {
  /** The message as it was sent. */
  readonly body: string
  readonly message: Message
  readonly session: string | undefined
}

type Behaviour = (response: ServerResponse, request: ReceivedMessage) => void

export interface ScriptedHttpServer extends AsyncDisposable {
  readonly server: HttpMcpServer
  /** The received messages, with their sessions. */
  readonly received: readonly ReceivedMessage[]
  /** The sessions that clients have deleted. */
  readonly endedSessions: readonly (string | undefined)[]
  /** The names of the listed tools. */
  readonly toolNames: string[]
  /** The streams for notifications. */
  readonly streams: ServerResponse[]
  /** Forgets all sessions. */
  forgetSessions(): void
}

export const secret = 'quiet-secret'
export const jsonHeaders = { 'content-type': 'application/json' }
export const eventStreamHeaders = { 'content-type': 'text/event-stream' }

/** Responds to a tool call with a text. */
export function sendText(response: ServerResponse, { message: { id } }: ReceivedMessage, content: string): void {
  const result = { resultType: 'complete', content: [{ type: 'text', text: content }] }
  response.writeHead(200, jsonHeaders).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
}

export interface ScriptedHttpServerOptions {
  /** Whether it speaks the protocol of 2026-07-28, without a handshake and without sessions. */
  readonly isSessionless?: boolean
}

/** A server over streamable HTTP, with sessions and a key. Each tool has the given behaviour. */
export async function startScriptedHttpServer(
  tools: Readonly<Record<string, Behaviour>>,
  { isSessionless = false }: ScriptedHttpServerOptions = {},
): Promise<ScriptedHttpServer> {
  const received: ReceivedMessage[] = []
  const endedSessions: (string | undefined)[] = []
  const streams: ServerResponse[] = []
  const toolNames = Object.keys(tools)
  const knownSessions = new Set<string | undefined>()
  let sessions = 0

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = request.headers['mcp-session-id']?.toString()
    if (request.headers.authorization !== `Bearer ${secret}`) return void response.writeHead(401).end(secret)
    if (request.method === 'DELETE') {
      endedSessions.push(session)
      return void response.writeHead(200).end()
    }
    if (request.method === 'GET') {
      streams.push(response)
      return void response.writeHead(200, eventStreamHeaders).flushHeaders()
    }
    const body = await text(request)
    const message = messageSchema.parse(JSON.parse(body))
    const receivedMessage = { message, session, body }
    received.push(receivedMessage)
    const { id, method, params } = message
    const respond = (result: object): void => {
      response
        .writeHead(200, jsonHeaders)
        .end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }))
    }
    if (method === 'server/discover' && isSessionless)
      respond({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
    else if (method === 'server/discover') response.writeHead(400).end()
    else if (method === 'initialize' && isSessionless) {
      const error = { code: -32_601, message: 'Method not found' }
      response.writeHead(404, jsonHeaders).end(JSON.stringify({ jsonrpc: '2.0', id, error }))
    } else if (method === 'initialize') {
      sessions += 1
      knownSessions.add(`session-${sessions}`)
      response.setHeader('mcp-session-id', `session-${sessions}`)
      const capabilities = { tools: { listChanged: true } }
      respond({ protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'scripted', version: '1' } })
    } else if (!isSessionless && !knownSessions.has(session)) response.writeHead(404).end()
    else if (id === undefined) response.writeHead(202).end()
    else if (method === 'tools/list')
      respond({ tools: toolNames.map((name) => ({ name, inputSchema: { type: 'object' } })) })
    else tools[params.name ?? '']?.(response, receivedMessage)
  }

  const { url, ...running } = await startHttpServer((request, response) => void receive(request, response))
  const headers = { authorization: `Bearer ${secret}` }
  return {
    ...running,
    server: { ...newHttpServer(`${url}/mcp`), headers, secrets: [secret] },
    received,
    endedSessions,
    toolNames,
    streams,
    forgetSessions: () => knownSessions.clear(),
  }
}
