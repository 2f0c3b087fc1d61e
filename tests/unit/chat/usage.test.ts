import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newChatFixture } from '../../support/fixtures/chats/agent-chats.ts'
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

/** The usage of a finished stream. That of its message must be the same. */
async function loadUsage(streamId: string): Promise<ApiUsage> {
  await world.newReader(streamId).readToEnd()
  const { usage, message } = await world.client.stream(streamId)
  if (message) expect(message.usage).toEqual(usage)
  return usage
}

async function loadSessionUsage(sessionId: string): Promise<ApiUsage> {
  return (await world.client.session(sessionId)).usage
}

describe('usage', () => {
  test('is what the provider sends', async () => {
    world.provider.enqueue([
      { text: 'Hello' },
      { finish: 'stop' },
      { usage: { input: 100, output: 20, reasoning: 5, cached: 40 } },
    ])
    const stream = await world.client.start({ text: 'Hi' })
    expect(stream.usage).toEqual(nothing)
    const usage = await loadUsage(stream.id)
    expect(usage).toEqual({
      estimated: false,
      inputTokens: 100,
      outputTokens: 20,
      reasoningTokens: 5,
      cachedInputTokens: 40,
    })
    expect(await loadSessionUsage(stream.session.id)).toEqual(usage)
  })

  test('is the sum of all requests of an answer', async () => {
    world.provider.enqueue([look, { finish: 'tool_calls' }, { usage: { input: 100, output: 20, reasoning: 5 } }])
    world.provider.enqueue([{ text: 'Hello' }, { finish: 'stop' }, { usage: { input: 150, output: 10, cached: 100 } }])
    const stream = await world.client.start({ text: 'Hi' })
    expect(await loadUsage(stream.id)).toEqual({
      estimated: false,
      inputTokens: 250,
      outputTokens: 30,
      reasoningTokens: 5,
      cachedInputTokens: 100,
    })
  })

  test('is estimated if the provider sends none', async () => {
    world.provider.enqueue([{ text: 'x'.repeat(400) }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi '.repeat(100) })
    const usage = await loadUsage(stream.id)
    expect(usage).toMatchObject({ estimated: true, outputTokens: 100, reasoningTokens: 0, cachedInputTokens: 0 })
    // The definitions of the tools count as input.
    const read = JSON.stringify(world.provider.requests.at(-1)?.body).length / 4
    expect(read).toBeGreaterThan(75)
    expect(usage.inputTokens / read).toBeGreaterThan(0.7)
    expect(usage.inputTokens / read).toBeLessThan(1.3)
  })

  test.each<[string, object]>([
    ['fractional', { prompt_tokens: 12.5, completion_tokens: 99.5 }],
    ['negative', { prompt_tokens: -5, completion_tokens: -1 }],
    ['beyond 2^53', { prompt_tokens: 1e300, completion_tokens: 2 ** 53 }],
    ['missing', {}],
    ['all zero', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
  ])('is estimated if the figures are %s, and costs nothing of the answer', async (_, usage) => {
    world.provider.enqueue([
      { text: 'x'.repeat(400) },
      { finish: 'stop' },
      {
        raw: `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}`,
      },
    ])
    const stream = await world.client.start({ text: 'Hi '.repeat(100) })
    const estimate = await loadUsage(stream.id)
    expect(estimate).toMatchObject({ estimated: true, outputTokens: 100, reasoningTokens: 0, cachedInputTokens: 0 })
    expect(estimate.inputTokens).toBeGreaterThan(75)
    expect(await world.client.stream(stream.id)).toMatchObject({ status: 'COMPLETED' })
  })

  test.each(['prompt_cache_hit_tokens', 'cached_tokens'])(
    'has the cached tokens that a provider reports as %s',
    async (field) => {
      const usage = { prompt_tokens: 100, completion_tokens: 5, [field]: 64 }
      const raw = `data: ${JSON.stringify({ id: 'c', choices: [], usage })}`
      world.provider.enqueue([{ text: 'Hello' }, { finish: 'stop' }, { raw }])
      const stream = await world.client.start({ text: 'Hi' })
      expect(await loadUsage(stream.id)).toMatchObject({ estimated: false, inputTokens: 100, cachedInputTokens: 64 })
    },
  )

  test('is more than 2^31 if the provider says so', async () => {
    world.provider.enqueue([{ text: 'Hello' }, { finish: 'stop' }, { usage: { input: 2 ** 40, output: 20 } }])
    const stream = await world.client.start({ text: 'Hi' })
    expect(await loadUsage(stream.id)).toMatchObject({ estimated: false, inputTokens: 2 ** 40 })
  })

  test('of a cancelled answer is an estimate of its input and of what was produced', async () => {
    world.provider.enqueue([{ reasoning: 'y'.repeat(40) }, { text: 'x'.repeat(80) }, { wait: forever }])
    const stream = await world.client.start({ text: 'Hi '.repeat(100) })
    await world.newReader(stream.id).readUntil((reader) => reader.text.length === 80)
    const { stream: cancelled, message } = await world.client.cancel(stream.id)
    const usage = await loadUsage(stream.id)
    expect(usage).toMatchObject({ estimated: true, outputTokens: 30 })
    expect(usage.inputTokens).toBeGreaterThan(75)
    expect(cancelled.usage).toEqual(usage)
    expect(message?.usage).toEqual(usage)
    expect(await loadSessionUsage(stream.session.id)).toEqual(usage)
  })

  test('of an answer that is cancelled in a later request is the sum of the earlier ones and an estimate', async () => {
    world.provider.enqueue([look, { finish: 'tool_calls' }, { usage: { input: 1000, output: 500, cached: 7 } }])
    world.provider.enqueue([{ text: 'x'.repeat(40) }, { wait: forever }])
    const stream = await world.client.start({ text: 'Hi' })
    await world.newReader(stream.id).readUntil((reader) => reader.text.length === 40)
    await world.client.cancel(stream.id)
    const usage = await loadUsage(stream.id)
    expect(usage).toMatchObject({ estimated: true, outputTokens: 510, cachedInputTokens: 7 })
    expect(usage.inputTokens).toBeGreaterThan(1000)
  })

  test('of a failed answer is estimated like that of a cancelled one', async () => {
    world.provider.enqueue([{ text: 'x'.repeat(40) }, { cut: true }])
    const stream = await world.client.start({ text: 'Hi' })
    expect(await loadUsage(stream.id)).toMatchObject({ estimated: true, outputTokens: 10 })
  })

  test('is zero without a request', async () => {
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
    expect(await loadSessionUsage(sessionId)).toEqual(nothing)
  })

  test('of a session is the sum of its streams, and estimated if any of them is', async () => {
    world.provider.enqueue([{ text: 'a' }, { finish: 'stop' }, { usage: { input: 10, output: 1 } }])
    const first = await world.client.start({ text: 'Hi' })
    const sessionId = first.session.id
    await loadUsage(first.id)
    world.provider.enqueue([{ text: 'b' }, { finish: 'stop' }, { usage: { input: 20, output: 2, cached: 10 } }])
    const second = await world.client.start({ sessionId, text: 'Hi' })
    await loadUsage(second.id)
    const sum = { estimated: false, inputTokens: 30, outputTokens: 3, reasoningTokens: 0, cachedInputTokens: 10 }
    expect(await loadSessionUsage(sessionId)).toEqual(sum)

    world.provider.enqueue([{ text: 'x'.repeat(40) }, { wait: forever }])
    const third = await world.client.start({ sessionId, text: 'Hi' })
    // A running stream is not included.
    await world.newReader(third.id).readUntil((reader) => reader.text !== '')
    expect(await loadSessionUsage(sessionId)).toEqual(sum)
    await world.client.cancel(third.id)
    await world.client.cancel(third.id)
    const { inputTokens } = await loadUsage(third.id)
    expect(await loadSessionUsage(sessionId)).toEqual({
      ...sum,
      estimated: true,
      inputTokens: 30 + inputTokens,
      outputTokens: 13,
    })
  })
})
