import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'

const eventSchema = z.object({
  type: z.string(),
  seq: z.number(),
  text: z.string().optional(),
  stream: z.object({ status: z.string() }).optional(),
  message: z.object({ text: z.string(), reasoning: z.string().nullable() }).nullish(),
})

export type SeenEvent = z.infer<typeof eventSchema>

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

/** Who follows a stream and writes down what it sees. */
export class Follower extends EventTarget {
  readonly events: SeenEvent[] = []
  /** Resolves when no more will come, however that came about. */
  readonly closed: Promise<void>

  constructor(read: (onEvent: (event: SeenEvent) => void) => Promise<void>) {
    super()
    this.closed = read((event) => {
      this.events.push(event)
      this.dispatchEvent(new Event('seen'))
    })
  }

  /** Waits until it has seen this many pieces of an answer, after the start of its stream; 0 for the start alone. */
  async waitForDeltas(count: number): Promise<void> {
    await this.#waitUntil(() => this.events.length > 0 && this.#deltaCount() >= count)
  }

  /** Waits until it has seen the end of the stream. */
  async waitForEnd(): Promise<void> {
    await this.#waitUntil(() => this.events.at(-1)?.type === 'StreamFinished')
  }

  /** What was seen of the text, or of the reasoning. */
  joinText(type: 'TextDelta' | 'ReasoningDelta'): string {
    return this.events.flatMap((event) => (event.type === type ? (event.text ?? '') : [])).join('')
  }

  #deltaCount(): number {
    return this.events.filter(({ text }) => text !== undefined).length
  }

  async #waitUntil(isTrue: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(10_000)
    while (!isTrue()) await once(this, 'seen', { signal })
  }
}

export function followOverWebSocket(url: string, streamId: string): Follower {
  return new Follower(async (onEvent) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    socket.on('close', () => resolve())
    // A server that was killed says no goodbye.
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
      // The server has gone in the middle.
    }
  })
}
