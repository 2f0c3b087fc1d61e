import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Marks a token with the time at which it was sent, in milliseconds since this process began. */
const timePattern = /@(\d+\.\d)/

/** How old the token in a message is, in milliseconds. Null if the message has none. */
export function measureAgeMs(message: Buffer): number | null {
  const sentAt = timePattern.exec(message.toString('latin1'))?.[1]
  return sentAt === undefined ? null : performance.now() - Number(sentAt)
}

/**
 * A provider that speaks OpenAI's protocol. Each answer sends tokens at a steady rate, from `release` on, so that all streams and
 * their readers are there before, until `endAnswers`.
 */
export class PacedProvider implements AsyncDisposable {
  readonly url: string
  readonly #server: ReturnType<typeof createServer>
  readonly #waiting = new Set<ServerResponse>()
  readonly #endings = new Set<() => void>()

  private constructor(server: ReturnType<typeof createServer>, url: string) {
    this.#server = server
    this.url = url
  }

  static async start(): Promise<PacedProvider> {
    const server = createServer((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(formatChunk({ role: 'assistant', content: '' }))
      provider.#waiting.add(response)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const provider = new PacedProvider(server, `http://127.0.0.1:${port}/v1/chat/completions`)
    return provider
  }

  /** Sends the tokens of the answers that wait. */
  release(tokensPerSecond: number): void {
    const intervalMs = 1000 / tokensPerSecond
    // Not all answers send at the same moment.
    for (const response of this.#waiting)
      void pause(Math.random() * intervalMs).then(() => this.#sendTokens(response, intervalMs))
    this.#waiting.clear()
  }

  /** Completes all answers. */
  endAnswers(): void {
    for (const end of this.#endings) end()
    this.#endings.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #sendTokens(response: ServerResponse, intervalMs: number): void {
    const startedAt = performance.now()
    let sent = 0
    const timer = setInterval(() => {
      // A timer that was late sends what is due.
      const due = Math.ceil((performance.now() - startedAt) / intervalMs)
      for (; sent < due; sent += 1) response.write(formatChunk({ content: `@${performance.now().toFixed(1)} ` }))
    }, intervalMs)
    response.once('close', () => clearInterval(timer))
    this.#endings.add(() => {
      clearInterval(timer)
      response.end(`${formatChunk({}, 'stop')}data: [DONE]\n\n`)
    })
  }
}

function formatChunk(delta: object, finishReason: string | null = null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }]
  const envelope = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'paced' }
  return `data: ${JSON.stringify({ ...envelope, system_fingerprint: null, choices })}\n\n`
}
