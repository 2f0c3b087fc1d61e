// An MCP server whose tools ask the user, in any version of the protocol. As a program, it speaks over stdio.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { HttpMcpServer, StdioMcpServer } from '../../../src/config/profile/mcp/mcp-server.ts'
import { newHttpServer, newServerSettings } from './server-settings.ts'

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: {
    readonly name?: string
    readonly inputResponses?: { readonly [key: string]: object }
    readonly _meta?: object
  }
  readonly result?: object
}

const modernVersion = '2026-07-28'
const form = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }

/** The parameters of each tool's `elicitation/create`. */
const elicitations: Readonly<Record<string, object>> = {
  form: { message: 'Who\u202e?', requestedSchema: form },
  url: { mode: 'url', message: 'Sign in.', url: 'https://example.org/sign-in?id=1', elicitationId: 'e1' },
  list: { message: 'Which?', requestedSchema: { type: 'array' } },
}

/** Sends messages to the client on the stream that `message` belongs to. */
type Send = (message: object) => void

interface ElicitingServerOptions {
  /** Whether it speaks 2026-07-28 as well. */
  readonly offersModern?: boolean
}

/** Speaks one version of the protocol, or two, like FastMCP: its tools can ask then only after a handshake. */
class ElicitingServer {
  readonly #version: string
  readonly #offersModern: boolean
  readonly #waiting = new Map<string, (result: object) => void>()
  #count = 0
  #earlyResult: object = {}

  constructor(version: string, { offersModern = false }: ElicitingServerOptions = {}) {
    this.#version = version
    this.#offersModern = offersModern
  }

  /** Asks the client something before any call. `onAnswer` is called when it has answered. */
  askEarly(send: Send, onAnswer: () => void): void {
    this.#ask(elicitations['form'] ?? {}, send, (result) => {
      this.#earlyResult = result
      onAnswer()
    })
  }

  receive({ id, method, params = {}, result }: Message, send: Send): void {
    if (method === undefined) return this.#waiting.get(String(id))?.(result ?? {})
    if (id === undefined) return
    const respond = (body: object): void => send({ id, result: { ...this.#kind('complete'), ...body } })
    const fail = (): void => send({ id, error: { code: -32_601, message: `Unknown method: ${method}` } })
    const isModern = this.#version === modernVersion
    const capabilities = { tools: {} }
    switch (method) {
      case 'initialize':
        if (isModern) return fail()
        return respond({ protocolVersion: this.#version, capabilities, serverInfo: { name: 'asks', version: '1' } })
      case 'server/discover':
        if (!isModern && !this.#offersModern) return fail()
        return respond({ resultType: 'complete', supportedVersions: [modernVersion], capabilities })
      case 'tools/list':
        return respond({
          tools: ['form', 'url', 'list', 'early'].map((name) => ({ name, inputSchema: { type: 'object' } })),
        })
      case 'tools/call':
        if (this.#offersModern && isModernRequest(params)) return fail()
        return this.#call(id, params, send)
      default:
        return fail()
    }
  }

  #call(id: number | string, { name = '', inputResponses }: Message['params'] & object, send: Send): void {
    const respond = (answer: object): void => {
      const content = [{ type: 'text', text: JSON.stringify(answer) }]
      send({ id, result: { ...this.#kind('complete'), content } })
    }
    const elicitation = elicitations[name]
    if (!elicitation) return respond(this.#earlyResult)
    if (this.#version !== modernVersion) return this.#ask(elicitation, send, respond)
    if (inputResponses) return respond(inputResponses['question'] ?? {})
    const inputRequests = { question: { method: 'elicitation/create', params: elicitation } }
    send({ id, result: { ...this.#kind('input_required'), inputRequests, requestState: 'asked' } })
  }

  #ask(params: object, send: Send, onResult: (result: object) => void): void {
    this.#count += 1
    const id = `question-${this.#count}`
    this.#waiting.set(id, onResult)
    send({ id, method: 'elicitation/create', params })
  }

  #kind(resultType: string): object {
    return this.#version === modernVersion ? { resultType } : {}
  }
}

function isModernRequest({ _meta: meta = {} }: Message['params'] & object): boolean {
  return 'io.modelcontextprotocol/protocolVersion' in meta
}

/** The server over stdio. With `mode` early, it asks before it lists its tools. */
export function elicitingServer(version: string, mode = ''): StdioMcpServer {
  return {
    ...newServerSettings('asks'),
    type: 'stdio',
    command: process.execPath,
    args: [fileURLToPath(import.meta.url), version, mode],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
  }
}

/** Starts the server over HTTP. Older versions answer calls with an event stream, in which they ask. */
export async function startElicitingHttpServer(
  version: string,
  options: ElicitingServerOptions = {},
): Promise<{ readonly server: HttpMcpServer } & AsyncDisposable> {
  const asks = new ElicitingServer(version, options)
  const http = createServer(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const message: Message = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString())
    if (message.method === undefined || message.id === undefined) {
      asks.receive(message, () => undefined)
      return void response.writeHead(202).end()
    }
    if (version === modernVersion) {
      response.writeHead(200, { 'content-type': 'application/json' })
      return asks.receive(message, (each) => void response.end(JSON.stringify({ jsonrpc: '2.0', ...each })))
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': 'one' })
    asks.receive(message, (each) => {
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...each })}\n\n`)
      if ('result' in each || 'error' in each) response.end()
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    server: newHttpServer(`http://127.0.0.1:${port}/mcp`),
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections()
      http.close()
    },
  }
}

function serveStdio(version: string, mode: string): void {
  const asks = new ElicitingServer(version)
  const send: Send = (message) => void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  createInterface({ input: process.stdin }).on('line', (line) => {
    const message: Message = JSON.parse(line)
    // The list waits for the answer, so that no call can run meanwhile.
    if (mode === 'early' && message.method === 'tools/list') asks.askEarly(send, () => asks.receive(message, send))
    else asks.receive(message, send)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serveStdio(process.argv[2] ?? '', process.argv[3] ?? '')
