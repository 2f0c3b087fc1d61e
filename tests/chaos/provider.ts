import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { json } from 'node:stream/consumers'
import { type CompletionRequest, isRequestError, parseCompletionRequest } from '../support/providers/openai-rules.ts'
import type { SeededRandom } from './seeded-random.ts'

/** The models and their context windows, in tokens of four code units. */
export const contextWindows = { small: 1_000, large: 3_000 } as const

const codeUnitsPerToken = 4
const summaryHeading = 'This chat goes on from an earlier one.'

/** A provider that fails at random: it responds with errors, breaks connections, sends invalid data, or stalls. */
export class UnreliableProvider {
  readonly #server: Server
  readonly #random: SeededRandom
  /** What is wrong with requests that it was sent. */
  readonly problems: string[] = []
  summaryCount = 0

  private constructor(server: Server, random: SeededRandom) {
    this.#server = server
    this.#random = random
  }

  static async start(random: SeededRandom): Promise<UnreliableProvider> {
    const server = createServer()
    const provider = new UnreliableProvider(server, random)
    server.on('request', (request, response) => {
      json(request)
        .then((body) => provider.#answer(body, response))
        .catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return provider
  }

  get baseURL(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new TypeError('The provider does not listen on a port.')
    return `http://127.0.0.1:${address.port}/v1`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(body: unknown, response: ServerResponse): Promise<void> {
    const random = this.#random.fork()
    const roll = random.next()
    const request = parseCompletionRequest(body)
    if (isRequestError(request)) {
      this.problems.push(request.message)
      return respondWithError(response, 400, request)
    }
    const isSummary = JSON.stringify(request.messages).includes('Above is a chat between')
    if (!isSummary) this.#checkMessages(request)
    const window = request.model === 'large' ? contextWindows.large : contextWindows.small
    const tokens = Math.ceil(JSON.stringify(request.messages).length / codeUnitsPerToken)
    if (tokens > window) {
      const message = `This model's maximum context length is ${window} tokens. However, your messages resulted in ${tokens} tokens.`
      return respondWithError(response, 400, { message, code: 'context_length_exceeded' })
    }
    if (roll < 0.05)
      return respondWithError(response, random.pick([400, 401, 404, 429, 500, 503]), {
        message: 'The model is overloaded.',
        type: 'server_error',
      })
    if (isSummary) this.summaryCount += 1
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (delta: object, finish: string | null = null): void => {
      const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'test' }
      response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`)
    }
    // Returns false when the client has disconnected.
    const pause = async (): Promise<boolean> => {
      await delay(random.between(0, 30))
      return !response.closed
    }
    const words = random.between(1, 60)
    const failingWord = random.chance(0.3) ? random.between(0, words) : -1
    for (let word = 0; word < words; word += 1) {
      if (word === failingWord) {
        const kind = random.pick(['reset', 'invalid', 'stall', 'end'] as const)
        if (kind === 'reset') return void response.destroy()
        if (kind === 'end') return void response.end()
        if (kind === 'invalid') response.write('data: {"choices": [{]}\n\n')
        if (kind === 'stall') await delay(random.between(200, 2500))
      }
      if (random.chance(0.2)) send({ reasoning_content: `thought ${word} ` })
      else if (random.chance(0.03)) {
        const toolCall = {
          index: 0,
          id: `call_${word}`,
          type: 'function',
          function: { name: 'nothing', arguments: '{"a":' },
        }
        send({ tool_calls: [toolCall] })
        send({ tool_calls: [{ index: 0, function: { arguments: `${word}}` } }] })
        send({}, 'tool_calls')
        response.end('data: [DONE]\n\n')
        return
      } else
        send({
          content: random.pick(['word ', 'Wörter ', '言葉 ', '🙂 ', '\n\n', 'x'.repeat(random.between(1, 3000))]),
        })
      if (!(await pause())) return
    }
    send({}, 'stop')
    response.end('data: [DONE]\n\n')
  }

  /** A request begins with the summary if it has one, and contains a message of a user word for word. */
  #checkMessages({ messages }: CompletionRequest): void {
    const texts = messages.filter(({ role }) => role !== 'system').map(({ content }) => JSON.stringify(content ?? ''))
    const summaries = texts.flatMap((text, index) => (text.includes(summaryHeading) ? [index] : []))
    if (summaries.some((index) => index > 0) || (texts[0]?.split(summaryHeading).length ?? 0) > 2)
      this.problems.push(`The summary is not at the beginning: ${texts.join('\n')}`)
    const newest = messages.findLast(({ role }) => role === 'user')
    if (!/message \d+ (word )*end/.test(JSON.stringify(newest?.content ?? '')))
      this.problems.push(`The newest message is missing: ${texts.join('\n')}`)
  }
}

function respondWithError(response: ServerResponse, status: number, error: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error }))
}
