import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Dice } from './seeded-random.ts'

/** A provider that answers as providers do on a bad day: in time, in bits, cut off, wrong, or not at all. */
export class UnreliableProvider {
  readonly #server: Server
  readonly #dice: Dice

  private constructor(server: Server, dice: Dice) {
    this.#server = server
    this.#dice = dice
  }

  static async start(dice: Dice): Promise<UnreliableProvider> {
    const server = createServer()
    const provider = new UnreliableProvider(server, dice)
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
    if (typeof address !== 'object' || address === null) throw new TypeError('the provider listens on no port')
    return `http://127.0.0.1:${address.port}/v1`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(response: ServerResponse): Promise<void> {
    const dice = this.#dice.split()
    const mood = dice.next()
    if (mood < 0.05) {
      response.writeHead(dice.pick([400, 401, 404, 429, 500, 503]), { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { message: 'not today', type: 'server_error' } }))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (delta: object, finish: string | null = null): void => {
      const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'test' }
      response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`)
    }
    // The answer is over when whoever asked has gone.
    const pause = async (): Promise<boolean> => {
      await delay(dice.between(0, 30))
      return !response.closed
    }
    const words = dice.between(1, 60)
    const trouble = dice.chance(0.3) ? dice.between(0, words) : -1
    for (let word = 0; word < words; word += 1) {
      if (word === trouble) {
        const kind = dice.pick(['cut', 'garbage', 'silence', 'end'] as const)
        if (kind === 'cut') return void response.destroy()
        if (kind === 'end') return void response.end()
        if (kind === 'garbage') response.write('data: {"choices": [{]}\n\n')
        if (kind === 'silence') await delay(dice.between(200, 2500))
      }
      if (dice.chance(0.2)) send({ reasoning_content: `thought ${word} ` })
      else if (dice.chance(0.03)) {
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
        send({ content: dice.pick(['word ', 'Wörter ', '言葉 ', '🙂 ', '\n\n', 'x'.repeat(dice.between(1, 3000))]) })
      if (!(await pause())) return
    }
    send({}, 'stop')
    response.end('data: [DONE]\n\n')
  }
}
