import { createClient as createSse } from 'graphql-sse'
import { createClient as createWebSocket } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { SeededRandom } from './seeded-random.ts'
import { z } from 'zod'
import { AnswerFold, type SeenEvent, seenEventSchema } from './fold.ts'
import { followSubscription } from './operations.ts'

/** A promise that was broken, as opposed to a connection that was. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}

/** One who follows a stream over a connection that does not last, and remembers all that it was shown. */
export class ChaosReader {
  readonly streamId: string
  readonly #random: SeededRandom
  readonly #url: () => Promise<string>
  readonly answer = new AnswerFold()
  /** The newest seq that it was shown. */
  cursor = 0
  end: SeenEvent | null = null
  connections = 0

  constructor(streamId: string, dice: SeededRandom, url: () => Promise<string>) {
    this.streamId = streamId
    this.#random = dice
    this.#url = url
  }

  /** Reads until the stream's end, coming back as often as it takes. */
  async read(isOver: () => boolean): Promise<void> {
    while (!this.end && !isOver()) {
      const url = await this.#url()
      this.connections += 1
      const maxEvents = this.#random.chance(0.5) ? this.#random.between(1, 40) : Number.POSITIVE_INFINITY
      try {
        await this.#connect(url, maxEvents)
      } catch (error) {
        if (error instanceof InvariantViolation) throw error
        // The server went away, or does not know yet what it will know in a moment: come back.
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  async #connect(url: string, maxEvents: number): Promise<void> {
    const request = { query: followSubscription, variables: { id: this.streamId, after: this.cursor } }
    const [results, disconnect] = this.#random.chance(0.5)
      ? subscribeOverWebSocket(url, request)
      : subscribeOverSse(url, request)
    let eventCount = 0
    try {
      for await (const result of results) {
        const event = parseEvent(result)
        this.#handleEvent(event)
        eventCount += 1
        if (this.end || eventCount >= maxEvents) return
      }
    } finally {
      disconnect()
    }
  }

  #handleEvent(event: SeenEvent): void {
    if (event.type === 'StreamReset')
      throw new InvariantViolation(`stream ${this.streamId}: reset at cursor ${this.cursor}`)
    if (event.seq <= this.cursor)
      throw new InvariantViolation(`stream ${this.streamId}: ${event.seq} came after ${this.cursor}`)
    this.cursor = event.seq
    this.answer.apply(event)
    if (event.type === 'StreamFinished') this.end = event
  }
}

interface GraphQLRequest {
  readonly query: string
  readonly variables: Record<string, unknown>
}

type Results = AsyncIterable<{ readonly data?: unknown; readonly errors?: unknown }>

function subscribeOverWebSocket(url: string, request: GraphQLRequest): [Results, () => void] {
  const client = createWebSocket({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  return [client.iterate(request), () => client.terminate()]
}

function subscribeOverSse(url: string, request: GraphQLRequest): [Results, () => void] {
  const client = createSse({ url, retryAttempts: 0 })
  return [client.iterate(request), () => client.dispose()]
}

function parseEvent({ data, errors }: { readonly data?: unknown; readonly errors?: unknown }): SeenEvent {
  if (errors) throw new Error(JSON.stringify(errors))
  return z.object({ followStream: seenEventSchema }).parse(data).followStream
}
