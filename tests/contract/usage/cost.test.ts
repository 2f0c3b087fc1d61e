import { describe, expect, test } from 'vitest'
import {
  newSession,
  loadSession,
  streamToEnd,
  never,
  startChat,
  cancelStream,
  followStream,
  isEventOfType,
} from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { requireNonNull, readUntil } from '../support/typed-client.ts'

const prices = { 'local/*': { input: 2, cached: 1, output: 10, reasoning: 20 } }
const finish = { finish: 'stop' }
const usage = { input: 100, output: 50, reasoning: 20, cached: 30 }

describe.each(transports)('The cost of an answer, over %s,', (transport) => {
  test('is computed from the configured prices, for stream, message and session', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { prices } })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, finish, { usage }])
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    // 70 x 2 + 30 x 1 + 30 x 10 + 20 x 20, per million
    const cost = { amount: 0.00087, currency: 'USD', estimated: false }
    expect(end.stream.usage.cost).toEqual(cost)
    expect(requireNonNull(end.message).usage?.cost).toEqual(cost)
    expect((await loadSession(client, end.stream.session.id)).usage.cost).toEqual(cost)
  })

  test('is what the provider reports, added up over the steps', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { prices } })
    const { client, provider } = environment
    const call = { toolCall: { id: 'call_1', name: 'look', arguments: ['{}'] } }
    provider.enqueue([call, { finish: 'tool_calls' }, { usage: { ...usage, extra: { cost: 0.1 } } }])
    provider.enqueue([{ text: 'Oaks.' }, finish, { usage: { ...usage, extra: { cost: 0.2, is_byok: false } } }])
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    expect(end.stream.usage).toMatchObject({
      inputTokens: 200,
      cost: { amount: 0.3, currency: 'USD', estimated: false },
    })
  })

  test('is in the header of a gateway that answers at once', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { prices } })
    const { client, provider } = environment
    const message = { role: 'assistant', content: 'Oaks.' }
    const body = {
      id: 'c',
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 100, completion_tokens: 50 },
    }
    provider.enqueue([{ status: 200, body, headers: { 'x-litellm-response-cost': '3.45e-05' } }])
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    expect(end.stream.usage.cost).toEqual({ amount: 0.0000345, currency: 'USD', estimated: false })
  })

  test('is null where neither is known', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    expect((await loadSession(client, await newSession(client))).usage.cost).toBeNull()
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    expect(end.stream.usage.cost).toBeNull()
  })

  test('is estimated where tokens are, as after a cancel', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { prices, currency: 'EUR' } })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks and ash. ' }, { wait: never }])
    const { id } = await startChat(client, { text: 'Trees?' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    const { stream } = await cancelStream(client, id)
    expect(stream.usage.cost).toMatchObject({ currency: 'EUR', estimated: true })
    expect(stream.usage.cost?.amount).toBeGreaterThan(0)
  })

  test('of a sum is that of what is known, and an estimate if a part is unknown', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, finish, { usage: { ...usage, extra: { cost: 0.25 } } }])
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    const sessionId = end.stream.session.id
    expect((await loadSession(client, sessionId)).usage.cost).toMatchObject({ amount: 0.25, estimated: false })
    provider.enqueue([{ text: 'Oaks.' }, finish, { usage }])
    await streamToEnd(client, { sessionId, text: 'Again?' })
    expect((await loadSession(client, sessionId)).usage.cost).toMatchObject({ amount: 0.25, estimated: true })
  })

  test('is not what a provider reports in dollars on a server that counts in another currency', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { currency: 'EUR' } })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, finish, { usage: { ...usage, extra: { cost: 0.25 } } }])
    expect((await streamToEnd(client, { text: 'Trees?' })).end.stream.usage.cost).toBeNull()
  })

  test('is that of the configured prices for the offline agent, too', async () => {
    const settings = { prices: { 'offline/*': { input: 1, cached: 1, output: 1, reasoning: 1 } } }
    await using environment = await newTestEnvironment(transport, { settings })
    const { end } = await streamToEnd(environment.client, { text: 'Trees?', model: 'offline/eliza' })
    const { inputTokens, outputTokens, cost } = end.stream.usage
    expect(cost).toMatchObject({ estimated: true })
    expect(cost?.amount).toBeCloseTo((inputTokens + outputTokens) / 1e6, 12)
  })

  test('is that of the last pattern of the prices that fits', async () => {
    const free = { input: 0, cached: 0, output: 0, reasoning: 0 }
    const input = (price: number) => ({ ...free, input: price, cached: price })
    const patterns = { 'local/*': input(2), '*/test': input(3), 'local/other': input(1), loc: input(4) }
    await using environment = await newTestEnvironment(transport, { settings: { prices: patterns } })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, finish, { usage }])
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    expect(end.stream.usage.cost).toEqual({ amount: 0.0003, currency: 'USD', estimated: false })
  })
})
