import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { SeededRandom } from './seeded-random.ts'

/** A provider that fails at random: it responds with errors, breaks connections, sends invalid data, or stalls. */
export class UnreliableProvider {
  readonly #server: Server
  readonly #random: SeededRandom

  private constructor(server: Server, random: SeededRandom) {
    this.#server = server
    this.#random = random
  }

  static async start(random: SeededRandom): Promise<UnreliableProvider> {
    const server = createServer()
    const provider = new UnreliableProvider(server, random)
    server.on('request', (request, response) => {
      request.resume().once('end', () => {
        provider.#answer(response).catch(() => response.destroy())
      })
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

  async #answer(response: ServerResponse): Promise<void> {
    const random = this.#random.fork()
    const roll = random.next()
    if (roll < 0.05) {
      response.writeHead(random.pick([400, 401, 404, 429, 500, 503]), { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { message: 'The model is overloaded.', type: 'server_error' } }))
      return
    }
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
}
