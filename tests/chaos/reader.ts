import { createClient as createSse } from 'graphql-sse'
import { createClient as createWebSocket } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Dice } from './seeded-random.ts'
import { z } from 'zod'
import { Folded, type SeenEvent, seenEventSchema } from './fold.ts'
import { follow } from './operations.ts'

/** A promise that was broken, as opposed to a connection that was. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** One who follows a stream over a connection that does not last, and remembers all that it was shown. */
export class Reader {
  readonly streamId: string
  readonly #dice: Dice
  readonly #url: () => Promise<string>
  readonly folded = new Folded()
  /** The newest seq that it was shown. */
  cursor = 0
  end: SeenEvent | null = null
  connections = 0

  constructor(streamId: string, dice: Dice, url: () => Promise<string>) {
    this.streamId = streamId
    this.#dice = dice
    this.#url = url
  }

  /** Reads until the stream's end, coming back as often as it takes. */
  async read(isOver: () => boolean): Promise<void> {
    while (!this.end && !isOver()) {
      const url = await this.#url()
      this.connections += 1
      const patience = this.#dice.chance(0.5) ? this.#dice.between(1, 40) : Number.POSITIVE_INFINITY
      try {
        await this.#connect(url, patience)
      } catch (error) {
        if (error instanceof Violation) throw error
        // The server went away, or does not know yet what it will know in a moment: come back.
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  async #connect(url: string, patience: number): Promise<void> {
    const asked = { query: follow, variables: { id: this.streamId, after: this.cursor } }
    const [results, leave] = this.#dice.chance(0.5) ? overWebSocket(url, asked) : overSse(url, asked)
    let shown = 0
    try {
      for await (const result of results) {
        const event = eventOf(result)
        this.#see(event)
        shown += 1
        if (this.end || shown >= patience) return
      }
    } finally {
      leave()
    }
  }

  #see(event: SeenEvent): void {
    if (event.type === 'StreamReset') throw new Violation(`stream ${this.streamId}: reset at cursor ${this.cursor}`)
    if (event.seq <= this.cursor) throw new Violation(`stream ${this.streamId}: ${event.seq} came after ${this.cursor}`)
    this.cursor = event.seq
    this.folded.apply(event)
    if (event.type === 'StreamFinished') this.end = event
  }
}

interface Asked {
  readonly query: string
  readonly variables: Record<string, unknown>
}

type Results = AsyncIterable<{ readonly data?: unknown; readonly errors?: unknown }>

function overWebSocket(url: string, asked: Asked): [Results, () => void] {
  const client = createWebSocket({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  return [client.iterate(asked), () => client.terminate()]
}

function overSse(url: string, asked: Asked): [Results, () => void] {
  const client = createSse({ url, retryAttempts: 0 })
  return [client.iterate(asked), () => client.dispose()]
}

function eventOf({ data, errors }: { readonly data?: unknown; readonly errors?: unknown }): SeenEvent {
  if (errors) throw new Error(JSON.stringify(errors))
  return z.object({ followStream: seenEventSchema }).parse(data).followStream
}
