import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { HttpServer } from '../../../src/config/profile/mcp-server.ts'
import { smallServer } from '../server/small-server.ts'

const messageSchema = z.object({
  id: z.int().optional(),
  method: z.string(),
  params: z.looseObject({ name: z.string().optional() }).default({}),
})
export type Message = z.output<typeof messageSchema>

export interface Asked {
  readonly message: Message
  readonly session: string | undefined
}

type Behaviour = (response: ServerResponse, asked: Asked) => void

export interface ScriptedHttpServer extends AsyncDisposable {
  readonly server: HttpServer
  /** The messages that came, and to which session. */
  readonly asked: readonly Asked[]
  /** The sessions that were ended by who began them. */
  readonly ended: readonly (string | undefined)[]
  /** What it lists. */
  readonly names: string[]
  /** The streams that answer nothing. */
  readonly streams: ServerResponse[]
  /** Forgets all sessions. */
  forget(): void
}

export const secret = 'quiet-secret'
export const json = { 'content-type': 'application/json' }
export const events = { 'content-type': 'text/event-stream' }

/** Answers with a text, as JSON. */
export function says(response: ServerResponse, { message: { id } }: Asked, said: string): void {
  const result = { content: [{ type: 'text', text: said }] }
  response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
}

/** A server over streamable HTTP, with a session and a key, whose tools behave as told. */
export async function scriptedHttpServer(tools: Readonly<Record<string, Behaviour>>): Promise<ScriptedHttpServer> {
  const asked: Asked[] = []
  const ended: (string | undefined)[] = []
  const streams: ServerResponse[] = []
  const names = Object.keys(tools)
  const known = new Set<string | undefined>()
  let sessions = 0

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = request.headers['mcp-session-id']?.toString()
    if (request.headers.authorization !== `Bearer ${secret}`) return void response.writeHead(401).end(secret)
    if (request.method === 'DELETE') {
      ended.push(session)
      return void response.writeHead(200).end()
    }
    if (request.method === 'GET') {
      streams.push(response)
      return void response.writeHead(200, events).flushHeaders()
    }
    const message = messageSchema.parse(JSON.parse(await text(request)))
    const it = { message, session }
    asked.push(it)
    const { id, method, params } = message
    const answer = (result: object): void => {
      response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    }
    if (method === 'server/discover') response.writeHead(400).end()
    else if (method === 'initialize') {
      sessions += 1
      known.add(`session-${sessions}`)
      response.setHeader('mcp-session-id', `session-${sessions}`)
      const capabilities = { tools: { listChanged: true } }
      answer({ protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'scripted', version: '1' } })
    } else if (!known.has(session)) response.writeHead(404).end()
    else if (id === undefined) response.writeHead(202).end()
    else if (method === 'tools/list')
      answer({ tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) })
    else tools[params.name ?? '']?.(response, it)
  }

  const { url, ...running } = await smallServer((request, response) => void receive(request, response))
  const headers = { authorization: `Bearer ${secret}` }
  return {
    ...running,
    server: { type: 'http', name: 'http', url: `${url}/mcp`, headers, secrets: [secret] },
    asked,
    ended,
    names,
    streams,
    forget: () => known.clear(),
  }
}
