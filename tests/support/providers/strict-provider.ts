import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { parseJsonOrNull } from '../../../src/lib/text/json.ts'
import { CompletionBuilder, type ProviderStep, type StatusStep } from './openai-chunks.ts'
import { isRequestError, parseCompletionRequest, type CompletionRequest, type RequestError } from './openai-rules.ts'

export { toolCallSteps } from './openai-chunks.ts'
export type { ProviderStep } from './openai-chunks.ts'

/**
 * The response to one request. A string is a complete answer with that text. Steps are sent as they are: without a
 * `finish` step, the stream ends without one, as from a broken provider. `data: [DONE]` follows the last step if there
 * was a `finish`.
 */
export type Script = string | Iterable<ProviderStep> | AsyncIterable<ProviderStep>

/** A valid request to /v1/chat/completions. */
export interface ProviderRequest {
  readonly body: CompletionRequest
  readonly headers: IncomingHttpHeaders
  /** Resolves to `client` if the client disconnected before the end of the script, and to `provider` otherwise. */
  readonly closed: Promise<'client' | 'provider'>
}

export interface StrictProviderOptions {
  /** Requests with another key, or none, get a 401. Default: keys are not checked. */
  readonly apiKey?: string
  /** The models that /v1/models lists. Default: `test`. Requests for any other model get a 404. */
  readonly models?: readonly string[]
  /** What /v1/models says of each model beside what OpenAI does. */
  readonly listedFields?: Readonly<Record<string, unknown>>
  readonly port?: number
}

/**
 * A model provider on 127.0.0.1 over HTTP, as strict as OpenAI: a request that OpenAI would reject gets a 400, is
 * recorded in `rejections`, and uses no script. The responses are scripted:
 *
 *     await using provider = await StrictProvider.start()
 *     provider.enqueue([{ text: 'Hel' }, { wait: promise }, { text: 'lo' }, { finish: 'stop' }])
 *     provider.defaultAnswer = (request) => `You said: ${JSON.stringify(request.body.messages.at(-1))}`
 *
 * `enqueue` adds a script for one request. `defaultAnswer` serves the requests for which no script is queued.
 */
export class StrictProvider implements AsyncDisposable {
  /** Serves every request for which no script is queued. */
  defaultAnswer: (request: ProviderRequest) => Script = () => 'Hello from the strict provider.'
  readonly requests: ProviderRequest[] = []
  readonly rejections: RequestError[] = []
  /** The number of requests to /v1/models. */
  modelListRequests = 0
  readonly #options: StrictProviderOptions
  readonly #server: Server
  readonly #scripts: Script[] = []
  readonly #arrivals = new EventTarget()

  private constructor(options: StrictProviderOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      )
    })
  }

  static async start(options: StrictProviderOptions = {}): Promise<StrictProvider> {
    const provider = new StrictProvider(options)
    provider.#server.listen(options.port ?? 0, '127.0.0.1')
    await once(provider.#server, 'listening')
    return provider
  }

  /** The base URL for clients: `http://127.0.0.1:<port>/v1`. */
  get baseURL(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${isAddress(address) ? address.port : 0}/v1`
  }

  /** Queues a script for one request, first in, first out. */
  enqueue(script: Script): void {
    this.#scripts.push(script)
  }

  /** Resolves to the request with this index, from 0, once it has arrived. Has no timeout of its own. */
  async waitForRequest(index: number): Promise<ProviderRequest> {
    for (;;) {
      const request = this.requests[index]
      if (request) return request
      await once(this.#arrivals, 'request')
    }
  }

  /** Stops the server and breaks all connections. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readText(incoming)
    const { apiKey } = this.#options
    const { authorization, 'content-type': contentType } = incoming.headers
    if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) {
      const sent = authorization?.replace(/^Bearer /, '') ?? ''
      return sendError(response, 401, `Incorrect API key provided: ${sent}.`, null, 'invalid_api_key')
    }
    const route = `${incoming.method} ${new URL(incoming.url ?? '/', 'http://localhost').pathname}`
    if (route === 'GET /v1/models') return this.#listModels(response)
    if (route !== 'POST /v1/chat/completions') return sendError(response, 404, `Invalid URL (${route})`, null, null)

    const request = contentType?.startsWith('application/json')
      ? parseCompletionRequest(parseJsonOrNull(body))
      : { message: 'The content type must be application/json.', param: null, code: null }
    if (isRequestError(request)) {
      this.rejections.push(request)
      return sendError(response, 400, request.message, request.param, request.code)
    }
    if (!this.#models.includes(request.model)) {
      const message = `The model '${request.model}' does not exist or you do not have access to it.`
      return sendError(response, 404, message, null, 'model_not_found')
    }
    await this.#runScript(request, incoming.headers, response)
  }

  get #models(): readonly string[] {
    return this.#options.models ?? ['test']
  }

  #listModels(response: ServerResponse): void {
    this.modelListRequests += 1
    const data = this.#models.map((id, index) => ({
      id,
      object: 'model',
      created: 1_700_000_000 + index,
      owned_by: 'test',
      ...this.#options.listedFields,
    }))
    sendJson(response, 200, { object: 'list', data })
  }

  async #runScript(body: CompletionRequest, headers: IncomingHttpHeaders, response: ServerResponse): Promise<void> {
    let wasCut = false
    const closed = once(response, 'close').then(() => (response.writableFinished || wasCut ? 'provider' : 'client'))
    const request: ProviderRequest = { body, headers, closed }
    this.requests.push(request)
    this.#arrivals.dispatchEvent(new Event('request'))

    const script = this.#scripts.shift() ?? this.defaultAnswer(request)
    const completion = new CompletionBuilder(body)
    for await (const step of typeof script === 'string' ? toTextSteps(script) : script) {
      if (response.destroyed) return
      if ('status' in step) return sendStatus(response, step)
      if ('wait' in step) await Promise.race([step.wait.catch(() => {}), closed])
      else if ('cut' in step) {
        wasCut = true
        response.destroy()
      } else if (body.stream) {
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        for (const chunk of completion.encode(step)) await write(response, chunk)
      } else completion.collect(step)
    }
    if (response.destroyed) return
    if (!body.stream) return sendJson(response, 200, completion.toCompletion())
    response.end(completion.isFinished ? 'data: [DONE]\n\n' : '')
  }
}

function* toTextSteps(text: string): Generator<ProviderStep> {
  for (const word of text.split(/(?<= )/)) yield { text: word }
  yield { finish: 'stop' }
  yield { usage: { input: 10, output: 5 } }
}

async function write(response: ServerResponse, chunk: string): Promise<void> {
  // Resolves when the bytes are with the system, so that a following `cut` loses none of them.
  await new Promise<void>((resolve) => response.write(chunk, () => resolve()))
}

function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  param: string | null,
  code: string | null,
) {
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param, code } })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function sendStatus(response: ServerResponse, { status, body, headers = {} }: StatusStep): void {
  const isText = typeof body === 'string'
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers })
  response.end(isText ? body : JSON.stringify(body))
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

// Can be started by hand: `node tests/support/providers/strict-provider.ts 9999`
if (import.meta.main) {
  const provider = await StrictProvider.start({ port: Number(process.argv[2] ?? 0) })
  console.log(provider.baseURL)
}
