import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ChatClient } from '../support/clients/chat-client.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../support/server/segue-with-provider.ts'

/** A session with an answer that goes on after `release`, and queued messages with these texts. */
async function startQueue({ client, provider, newReader }: SegueWithProvider, ...texts: string[]) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'First' }, { wait: released }, { text: ' answer.' }, { finish: 'stop' }])
  const { id, session } = await client.start({ text: 'First.' })
  await newReader(id).readUntil(({ text }) => text === 'First')
  const ids: string[] = []
  for (const text of texts) ids.push((await client.start({ text, sessionId: session.id, ifBusy: 'QUEUE' })).id)
  return { activeId: id, sessionId: session.id, ids, release }
}

async function queueOf(client: ChatClient, sessionId: string): Promise<string[]> {
  const { session } = await client.ask('query ($id: ID!) { session(id: $id) { queue { id } } }', { id: sessionId })
  return z
    .object({ queue: z.array(z.object({ id: z.string() })) })
    .parse(session)
    .queue.map(({ id }) => id)
}

test('B4 Session.queue has the streams that wait, in order, and each change is a QueueChanged with all of them', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { sessionId, ids, release } = await startQueue(provided, 'One.', 'Two.', 'Three.')
  const [one, two, three = ''] = ids
  expect(await queueOf(client, sessionId)).toEqual(ids)
  await client.cancel(two ?? '')
  expect(await queueOf(client, sessionId)).toEqual([one, three])
  release()
  await provided.newReader(three).readUntilType('StreamFinished')
  expect(await queueOf(client, sessionId)).toEqual([])
  const changes = (await client.events(sessionId)).filter(({ type }) => type === 'QueueChanged')
  const told = [[one], [one, two], [one, two, three], [one, three], [three], []]
  expect(changes).toMatchObject(told.map((streamIds) => ({ streamId: null, streamIds })))
})
