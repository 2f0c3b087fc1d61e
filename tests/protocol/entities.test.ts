import { expect, test } from 'vitest'
import { z } from 'zod'
import { EventReader } from '../support/clients/reader.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'

const messageSchema = z.object({
  message: z.object({ text: z.string(), status: z.string(), stream: z.object({ lastSeq: z.int() }) }),
})
const sessionSchema = z.object({
  session: z.object({
    messages: z.object({ edges: z.array(z.object({ node: z.object({ role: z.string(), text: z.string() }) })) }),
    headSeq: z.int(),
  }),
})

test(
  'E12 following after a seq that was read beside a text misses nothing of the text',
  { timeout: 60_000 },
  async () => {
    await using provided = await startSegueWithProvider()
    const { client, provider } = provided
    const words = Array.from({ length: 600 }, (_, index) => `word ${index} `)
    provider.enqueue([...words.map((text) => ({ text })), { finish: 'stop' }])
    const { id, session } = await client.start({ text: 'Talk.' })
    const first = provided.newReader(id)
    await first.readUntil(({ text }) => text.length > 0)
    const messageId = first.events.flatMap((event) => ('messageId' in event ? event.messageId : [])).at(0) ?? ''

    const snapshots: { readonly seq: number; readonly text: string }[] = []
    for (let status = 'STREAMING'; status === 'STREAMING';) {
      const ofMessage = await client.ask(
        `{ node(id: "${messageId}") { ... on Message { text status stream { lastSeq } } } }`,
      )
      const { message } = messageSchema.parse({ message: ofMessage['node'] })
      status = message.status
      snapshots.push({ seq: message.stream.lastSeq, text: message.text })
      const ofSession = await client.ask(
        `{ session(id: "${session.id}") { messages { edges { node { role text } } } headSeq } }`,
      )
      const { messages, headSeq } = sessionSchema.parse(ofSession).session
      snapshots.push({
        seq: headSeq,
        text: messages.edges.find(({ node }) => node.role === 'ASSISTANT')?.node.text ?? '',
      })
    }
    const text = words.join('')
    for (const snapshot of snapshots) {
      const rest = new EventReader(client.followStream(id, snapshot.seq), [{ type: 'text', text: snapshot.text }])
      await rest.readToEnd()
      expect(rest.text).toBe(text)
    }
  },
)
