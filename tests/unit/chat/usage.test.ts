import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newChatFixture } from '../../support/fixtures/agent-chats.ts'
import type { ApiUsage } from '../../support/clients/chat-client.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../support/server/segue-with-provider.ts'
import type { ProviderStep } from '../../support/providers/strict-provider.ts'

const forever = new Promise<never>(() => {})
const nothing: ApiUsage = {
  estimated: false,
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cachedInputTokens: 0,
}
const look: ProviderStep = { toolCall: { id: 'call_1', name: 'look', arguments: ['{}'] } }

let world: SegueWithProvider

beforeEach(async () => {
  world = await startSegueWithProvider()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

/** The usage of a stream and of its message, which are one. */
async function usageOf(streamId: string): Promise<ApiUsage> {
  await world.newReader(streamId).readToEnd()
  const { usage, message } = await world.client.stream(streamId)
  if (message) expect(message.usage).toEqual(usage)
  return usage
}

async function usageOfSession(sessionId: string): Promise<ApiUsage> {
  return (await world.client.session(sessionId)).usage
}

describe('usage', () => {
  test('is what the provider says', async () => {
    world.provider.enqueue([
      { text: 'Hello' },
      { finish: 'stop' },
      { usage: { input: 100, output: 20, reasoning: 5, cached: 40 } },
    ])
    const stream = await world.client.start({ text: 'Hi' })
    expect(stream.usage).toEqual(nothing)
    const usage = await usageOf(stream.id)
    expect(usage).toEqual({
      estimated: false,
      inputTokens: 100,
      outputTokens: 20,
      reasoningTokens: 5,
      cachedInputTokens: 40,
    })
    expect(await usageOfSession(stream.session.id)).toEqual(usage)
  })

  test('of an answer with several requests is their sum', async () => {
    world.provider.enqueue([look, { finish: 'tool_calls' }, { usage: { input: 100, output: 20, reasoning: 5 } }])
    world.provider.enqueue([{ text: 'Hello' }, { finish: 'stop' }, { usage: { input: 150, output: 10, cached: 100 } }])
    const stream = await world.client.start({ text: 'Hi' })
    expect(await usageOf(stream.id)).toEqual({
      estimated: false,
      inputTokens: 250,
      outputTokens: 30,
      reasoningTokens: 5,
      cachedInputTokens: 100,
    })
  })

  test('is estimated where the provider says nothing', async () => {
    world.provider.enqueue([{ text: 'x'.repeat(400) }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi '.repeat(100) })
    const usage = await usageOf(stream.id)
    expect(usage).toMatchObject({ estimated: true, outputTokens: 100, reasoningTokens: 0, cachedInputTokens: 0 })
    // The tools that are offered are read as well.
    const read = JSON.stringify(world.provider.requests.at(-1)?.body).length / 4
    expect(read).toBeGreaterThan(75)
    expect(usage.inputTokens / read).toBeGreaterThan(0.7)
    expect(usage.inputTokens / read).toBeLessThan(1.3)
  })

  test('after a stop counts what was made and what it was made from', async () => {
    world.provider.enqueue([{ reasoning: 'y'.repeat(40) }, { text: 'x'.repeat(80) }, { wait: forever }])
    const stream = await world.client.start({ text: 'Hi '.repeat(100) })
    await world.newReader(stream.id).readUntil((reader) => reader.text.length === 80)
    const { stream: cancelled, message } = await world.client.cancel(stream.id)
    const usage = await usageOf(stream.id)
    expect(usage).toMatchObject({ estimated: true, outputTokens: 30 })
    expect(usage.inputTokens).toBeGreaterThan(75)
    expect(cancelled.usage).toEqual(usage)
    expect(message?.usage).toEqual(usage)
    expect(await usageOfSession(stream.session.id)).toEqual(usage)
  })

  test('after a stop in a later request has the figures of the earlier ones, and an estimate of the rest', async () => {
    world.provider.enqueue([look, { finish: 'tool_calls' }, { usage: { input: 1000, output: 500, cached: 7 } }])
    world.provider.enqueue([{ text: 'x'.repeat(40) }, { wait: forever }])
    const stream = await world.client.start({ text: 'Hi' })
    await world.newReader(stream.id).readUntil((reader) => reader.text.length === 40)
    await world.client.cancel(stream.id)
    const usage = await usageOf(stream.id)
    expect(usage).toMatchObject({ estimated: true, outputTokens: 510, cachedInputTokens: 7 })
    expect(usage.inputTokens).toBeGreaterThan(1000)
  })

  test('after a failure in the middle is kept like after a stop', async () => {
    world.provider.enqueue([{ text: 'x'.repeat(40) }, { cut: true }])
    const stream = await world.client.start({ text: 'Hi' })
    expect(await usageOf(stream.id)).toMatchObject({ estimated: true, outputTokens: 10 })
  })

  test('is nothing where no request was made', async () => {
    await using chats = newChatFixture(async function* () {
      await forever
      yield { type: 'text', block: '1', text: 'never' }
    })
    const stream = await chats.start('Hi')
    const { stream: cancelled } = await chats.chats.cancel(stream.id)
    expect(cancelled.usage).toEqual(nothing)

    world.provider.enqueue([{ wait: forever }])
    const running = await world.client.start({ text: 'Hi' })
    const sessionId = running.session.id
    const queued = await world.client.start({ sessionId, text: 'Later', ifBusy: 'QUEUE' })
    expect((await world.client.cancel(queued.id)).stream.usage).toEqual(nothing)
    expect(await usageOfSession(sessionId)).toEqual(nothing)
  })

  test('is added up on the session, an estimate among it makes it one', async () => {
    world.provider.enqueue([{ text: 'a' }, { finish: 'stop' }, { usage: { input: 10, output: 1 } }])
    const first = await world.client.start({ text: 'Hi' })
    const sessionId = first.session.id
    await usageOf(first.id)
    world.provider.enqueue([{ text: 'b' }, { finish: 'stop' }, { usage: { input: 20, output: 2, cached: 10 } }])
    const second = await world.client.start({ sessionId, text: 'Hi' })
    await usageOf(second.id)
    const sum = { estimated: false, inputTokens: 30, outputTokens: 3, reasoningTokens: 0, cachedInputTokens: 10 }
    expect(await usageOfSession(sessionId)).toEqual(sum)

    world.provider.enqueue([{ text: 'x'.repeat(40) }, { wait: forever }])
    const third = await world.client.start({ sessionId, text: 'Hi' })
    // What has not ended is not in it.
    await world.newReader(third.id).readUntil((reader) => reader.text !== '')
    expect(await usageOfSession(sessionId)).toEqual(sum)
    await world.client.cancel(third.id)
    await world.client.cancel(third.id)
    const { inputTokens } = await usageOf(third.id)
    expect(await usageOfSession(sessionId)).toEqual({
      ...sum,
      estimated: true,
      inputTokens: 30 + inputTokens,
      outputTokens: 13,
    })
  })
})
