import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../../support/server/segue-with-provider.ts'
import { EventReader, omitEntities } from '../../../support/clients/reader.ts'
import { expectSameEvents } from '../../../support/fixtures/held-answer.ts'

let world: SegueWithProvider

beforeEach(async () => {
  world = await startSegueWithProvider()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

describe('an idempotency key', () => {
  test('joins the same stream from any client, during the stream and after it', async () => {
    const latch = newLatch()
    world.provider.enqueue([{ text: 'Hel' }, { wait: latch.opened }, { text: 'lo' }, { finish: 'stop' }])
    const input = { text: 'Hi', key: 'key-1' }
    const first = new EventReader(world.client.streamChat(input))
    await first.readUntil(() => first.text === 'Hel')
    const streamId = first.events[0]?.streamId
    const during = Array.from({ length: 5 }, () => new EventReader(world.newClient().streamChat(input)))
    await Promise.all(during.map((each) => each.readUntil(() => each.text === 'Hel')))
    expect((await world.newClient().start(input)).id).toBe(streamId)
    latch.open()
    await first.readToEnd()
    for (const each of during) {
      await each.readToEnd()
      expectSameEvents(0, each, first)
    }

    const late = new EventReader(world.newClient().streamChat(input))
    await late.readToEnd()
    expectSameEvents(0, late, first)
    const nearEnd = new EventReader(world.newClient().streamChat(input, first.cursor - 1))
    expect(await nearEnd.readToEnd()).toEqual(first.events.slice(-1))
    expect(await new EventReader(world.newClient().streamChat(input, first.cursor)).readToEnd()).toEqual([])
    expect((await world.newClient().start(input)).id).toBe(streamId)
    expect(world.provider.requests).toHaveLength(1)
  })

  test('that many clients use at the same moment starts one stream', async () => {
    const readers = Array.from(
      { length: 20 },
      () => new EventReader(world.newClient().streamChat({ text: 'Hi', key: 'k' })),
    )
    await Promise.all(readers.map((reader) => reader.readToEnd()))
    for (const { events, text } of readers) {
      expect(events.slice(0, 1).map(omitEntities)).toEqual(readers[0]?.events.slice(0, 1).map(omitEntities))
      expect(events.at(-1)).toEqual(readers[0]?.events.at(-1))
      expect(text).toBe('Hello from the strict provider.')
    }
    expect(world.provider.requests).toHaveLength(1)
  })

  test('with other input is an IDEMPOTENCY_MISMATCH, during the stream and after it', async () => {
    const sessionId = await world.client.createSession()
    const stream = await world.client.start({ sessionId, text: 'Hi', key: 'k' })
    const otherInputs = [{ text: 'Hi' }, { sessionId, text: 'Hello' }, { sessionId, text: 'Hi', model: 'strict/other' }]
    for (let round = 0; round < 2; round += 1) {
      for (const input of otherInputs) {
        const joined = new EventReader(world.client.streamChat({ ...input, key: 'k' })).next()
        await expect(joined).rejects.toMatchObject({
          code: 'IDEMPOTENCY_MISMATCH',
          extensions: { streamId: stream.id },
        })
      }
      await world.newReader(stream.id).readToEnd()
    }
    expect(world.provider.requests).toHaveLength(1)
  })
})
