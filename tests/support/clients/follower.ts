import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { waitLimitMs } from '../vitest-limits.ts'

const eventSchema = z.object({
  type: z.string(),
  seq: z.number(),
  text: z.string().optional(),
  stream: z.object({ status: z.string() }).optional(),
  message: z.object({ text: z.string(), reasoning: z.string().nullable() }).nullish(),
})

export type FollowerEvent = z.infer<typeof eventSchema>

const subscribePayload = (streamId: string) => ({
  query: `subscription ($streamId: ID!) { followStream(streamId: $streamId) {
    type: __typename seq
    ... on TextDelta { text }
    ... on ReasoningDelta { text }
    ... on StreamFinished { stream { status } message { text reasoning } }
  } }`,
  variables: { streamId },
})

const messageSchema = z.object({ type: z.string(), payload: z.unknown().optional() })
const bodySchema = z.object({ data: z.object({ followStream: eventSchema }) })

/** Follows a stream and records its events. */
export class Follower extends EventTarget {
  readonly events: FollowerEvent[] = []
  /** Resolves when the subscription has ended, for whatever reason. */
  readonly closed: Promise<void>

  constructor(read: (onEvent: (event: FollowerEvent) => void) => Promise<void>) {
    super()
    this.closed = read((event) => {
      this.events.push(event)
      this.dispatchEvent(new Event('event'))
    })
  }

  /** Waits until the first event and `count` deltas have arrived. */
  async waitForDeltas(count: number): Promise<void> {
    await this.#waitUntil(() => this.events.length > 0 && this.#deltaCount() >= count)
  }

  /** Waits for the `StreamFinished`. */
  async waitForEnd(): Promise<void> {
    await this.#waitUntil(() => this.events.at(-1)?.type === 'StreamFinished')
  }

  /** The received text, or the received reasoning. */
  joinText(type: 'TextDelta' | 'ReasoningDelta'): string {
    return this.events.flatMap((event) => (event.type === type ? (event.text ?? '') : [])).join('')
  }

  #deltaCount(): number {
    return this.events.filter(({ text }) => text !== undefined).length
  }

  async #waitUntil(isTrue: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(waitLimitMs)
    while (!isTrue()) await once(this, 'event', { signal })
  }
}

export function followOverWebSocket(url: string, streamId: string): Follower {
  return new Follower(async (onEvent) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    socket.on('close', () => resolve())
    // A server that is killed resets the connection.
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      const { type, payload: body } = messageSchema.parse(JSON.parse(String(data)))
      if (type === 'connection_ack') {
        socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: subscribePayload(streamId) }))
      }
      if (type === 'next') onEvent(bodySchema.parse(body).data.followStream)
    })
    socket.on('open', () => socket.send('{"type":"connection_init"}'))
    await closed
  })
}

export function followOverEventStream(url: string, streamId: string): Follower {
  return new Follower(async (onEvent) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(subscribePayload(streamId)),
    })
    let rest = ''
    try {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + chunk).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) {
          const data = /^data: (\{.*\})$/m.exec(block)?.[1]
          if (/^event: next$/m.test(block) && data) onEvent(bodySchema.parse(JSON.parse(data)).data.followStream)
        }
      }
    } catch {
      // The connection broke.
    }
  })
}
