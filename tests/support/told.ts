import { z } from 'zod'
import type { EventStream, ServerSentEvent } from './event-stream.ts'
import type { RawSocket } from './raw-socket.ts'

const delta = z.object({ type: z.string(), seq: z.int(), offset: z.int().optional(), text: z.string().optional() })
const result = z.object({ data: z.object({ told: delta }) })

/** What one event tells, as far as text goes. */
export type Told = z.output<typeof delta>

const fields = 'type: __typename seq ... on TextDelta { offset text }'
export const followStreamQuery = `subscription ($id: ID!, $after: Int) {
  told: followStream(streamId: $id, after: $after) { ${fields} } }`
export const followSessionQuery = `subscription ($id: ID!, $after: Int) {
  told: followSession(sessionId: $id, after: $after) { ${fields} } }`
export const streamChatQuery = `subscription ($input: StreamChatInput!) {
  told: streamChat(input: $input) { ${fields} ... on StreamStarted { stream { id } } } }`

/** What the payload of a `next` tells, over either transport. */
export function toldBy(payload: unknown): Told {
  return result.parse(payload).data.told
}

/** What an event stream tells next; null at its end, be it `complete` or not. */
export async function nextTold(stream: EventStream): Promise<Told | null> {
  const event: ServerSentEvent | null = await stream.next()
  return event?.event === 'next' ? toldBy(JSON.parse(event.data)) : null
}

/** What an operation of a socket is told up to its end. */
export async function restOf(socket: RawSocket, id: string): Promise<Told[]> {
  const told: Told[] = []
  for (let message = await socket.nextOf(id); message.type === 'next'; message = await socket.nextOf(id)) {
    told.push(toldBy(message.payload))
  }
  return told
}

/** The text that comes of it: each delta at its offset. */
export function textOf(told: readonly Told[]): string {
  return told.reduce((before, { offset, text = '' }) => {
    if (offset === undefined || offset === before.length) return before + text
    return before.slice(0, offset) + text + before.slice(offset + text.length)
  }, '')
}
