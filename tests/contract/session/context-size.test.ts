import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, test } from 'vitest'
import {
  CompactSessionDocument,
  CreateSessionDocument,
  ForkSessionDocument,
  UpdateSessionDocument,
} from '../generated/graphql.ts'
import { readTokenTexts } from '../../support/fixtures/token-texts.ts'
import { followStream, isEventOfType, loadSession, startChat, streamToEnd } from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

const texts = Object.fromEntries(readTokenTexts().map(({ kind, texts: all }) => [kind, all.join('\n\n')]))
const count = (text = '') => encode(text).length

const load = async (client: Client, id: string) => requireNonNull((await loadSession(client, id)).context)

const create = async (client: Client, instructions: string | null = null) =>
  (await mutate(client, CreateSessionDocument, { instructions })).createSession.id

function expectWithin10Percent(actual: number, expected: number): void {
  expect(actual).toBeGreaterThan(expected * 0.9)
  expect(actual).toBeLessThan(expected * 1.1)
}

describe.each(transports)('The size of a context, over %s,', (transport) => {
  test('is that of the instructions and the tools before the first request', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const empty = await load(client, await create(client))
    expect(empty).toMatchObject({ instructions: 0, history: 0, estimated: true })
    expect(empty.tools).toBeGreaterThan(0)
    expect(empty.tokens).toBe(empty.tools)
    const instructed = await load(client, await create(client, texts['english']))
    expectWithin10Percent(instructed.instructions, count(texts['english']))
    expect(instructed.tokens).toBe(instructed.instructions + instructed.tools)
  })

  test.each(['english', 'german', 'chinese', 'code', 'json'])(
    'is close to what a tokenizer counts of %s',
    async (kind) => {
      await using environment = await newTestEnvironment(transport)
      const { client, provider } = environment
      provider.enqueue('Well.')
      const { end } = await streamToEnd(client, { text: requireNonNull(texts[kind]) })
      const { history } = await load(client, end.stream.session.id)
      expectWithin10Percent(history, count(texts[kind]) + count('Well.') + 10)
    },
  )

  test('has everything that was said to the offline agent, and so has the input that it counts', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { model: null, providers: [] } })
    const { client } = environment
    const id = await create(client, texts['english'])
    let said = ''
    for (let turn = 0; turn < 3; turn += 1) {
      const text = requireNonNull(texts['english']).slice(turn * 200, (turn + 1) * 200)
      const before = await load(client, id)
      const { end } = await streamToEnd(client, { sessionId: id, text, effort: 'low' })
      said += text
      expectWithin10Percent(end.stream.usage.inputTokens, before.tokens + count(text) + 5)
      said += requireNonNull(end.message).text
      expectWithin10Percent((await load(client, id)).history, count(said) + 5 * 2 * (turn + 1))
    }
  })

  test('has a message that joins an answer from when it is applied', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: released }, { finish: 'stop' }])
    const { id, session } = await startChat(client, { text: 'Hello' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    const before = await load(client, session.id)
    const text = requireNonNull(texts['english'])
    await startChat(client, { sessionId: session.id, text, ifBusy: 'STEER' })
    expect((await load(client, session.id)).history).toBeLessThan(before.history + 100)
    release()
    await readUntil(followStream(client, id), isEventOfType('StreamFinished'))
    const { history } = await load(client, session.id)
    expectWithin10Percent(history - before.history, count(text))
  })

  test('has the window of the model, and the size at which the session is summarised', async () => {
    await using environment = await newTestEnvironment(transport, { contextWindow: 10_000 })
    const { client } = environment
    const { window, compactsAt } = await load(client, await create(client))
    expect(window).toBe(10_000)
    expect(compactsAt === null || compactsAt < 10_000).toBe(true)
    await using unknown = await newTestEnvironment(transport)
    expect(await load(unknown.client, await create(unknown.client))).toMatchObject({ window: null, compactsAt: null })
  })

  test('is right at once after a fork, a change of the model or the instructions, and a compaction', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue('An oak.')
    const first = await streamToEnd(client, { text: requireNonNull(texts['english']) })
    const id = first.end.stream.session.id
    const before = await load(client, id)

    const fork = (await mutate(client, ForkSessionDocument, { messageId: requireNonNull(first.end.message).id }))
      .forkSession
    expectWithin10Percent((await load(client, fork.id)).tokens, before.tokens)

    await mutate(client, UpdateSessionDocument, { id, instructions: texts['german'] })
    expectWithin10Percent((await load(client, id)).instructions, count(texts['german']))
    await mutate(client, UpdateSessionDocument, { id, model: 'offline/eliza' })
    expect(await load(client, id)).toMatchObject({ tools: 0, window: null, compactsAt: null })

    await mutate(client, UpdateSessionDocument, { id, model: null, instructions: null })
    provider.enqueue('They spoke of oaks.')
    const { id: next } = (await mutate(client, CompactSessionDocument, { id })).compactSession
    const after = await load(client, next)
    expect(after.history).toBeLessThan(before.history)
    expect(after.history).toBeGreaterThan(0)
    expect((await loadSession(client, id)).context).toBeNull()
  })
})
