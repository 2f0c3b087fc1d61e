// What a program that uses the client library would type.
import { type ChatEvent, type ChatMessage, createSegueClient, SegueError } from 'segue-client'
import { foldTextDelta } from 'segue-client/graphql'

const client = createSegueClient({ url: 'http://127.0.0.1:4000', transport: 'sse' })

export async function stopAtOnce(text: string): Promise<ChatMessage | null> {
  try {
    for await (const event of client.chat({ text })) {
      if (event.type === 'StreamStarted') return (await client.cancel(event.stream.id)).message
    }
  } catch (error) {
    if (error instanceof SegueError) return null
    throw error
  }
  return null
}

export const describeEvent = (event: ChatEvent): string =>
  event.type === 'TextDelta' ? event.text : event.type === 'StreamFinished' ? event.stream.status : event.type

// @ts-expect-error -- The types are those of the package, not `any`.
export const notText: number = describeEvent({} as ChatEvent)

const parts = foldTextDelta([], { __typename: 'TextDelta', partIndex: 0, offset: 0, text: 'Hello' })
export const texts: string[] = parts.map(({ text }) => text)
