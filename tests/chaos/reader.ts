import { createClient as createSse } from 'graphql-sse'
import { createClient as createWebSocket } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { SeededRandom } from './seeded-random.ts'
import { z } from 'zod'
import { MessageFold, type ChaosEvent, chaosEventSchema } from './fold.ts'
import { followSubscription } from './operations.ts'

/** A guarantee of the server does not hold. Connection errors are not violations. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}

/** Follows a stream, disconnects and resumes at random, and folds all events. */
export class ChaosReader {
  readonly streamId: string
  readonly #random: SeededRandom
  readonly #url: () => Promise<string>
  readonly message = new MessageFold()
  /** The seq of the newest event. */
  cursor = 0
  end: ChaosEvent | null = null
  connections = 0

  constructor(streamId: string, random: SeededRandom, url: () => Promise<string>) {
    this.streamId = streamId
    this.#random = random
    this.#url = url
  }

  /** Reads to the end of the stream, and reconnects as often as necessary. */
  async read(isStopped: () => boolean): Promise<void> {
    while (!this.end && !isStopped()) {
      const url = await this.#url()
      this.connections += 1
      const maxEvents = this.#random.chance(0.5) ? this.#random.between(1, 40) : Number.POSITIVE_INFINITY
      try {
        await this.#connect(url, maxEvents)
      } catch (error) {
        if (error instanceof InvariantViolation) throw error
        // The server was killed, or is still starting. Retry.
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

  #handleEvent(event: ChaosEvent): void {
    if (event.type === 'StreamReset')
      throw new InvariantViolation(`Stream ${this.streamId}: reset at cursor ${this.cursor}.`)
    if (event.seq <= this.cursor)
      throw new InvariantViolation(`Stream ${this.streamId}: seq ${event.seq} follows ${this.cursor}.`)
    this.cursor = event.seq
    this.message.apply(event)
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

function parseEvent({ data, errors }: { readonly data?: unknown; readonly errors?: unknown }): ChaosEvent {
  if (errors) throw new Error(JSON.stringify(errors))
  return z.object({ followStream: chaosEventSchema }).parse(data).followStream
}
