import { text as readText } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { AnthropicWriter } from '../../support/providers/dialects/response-writer.ts'
import { findAnthropicProblems } from '../../support/fixtures/message-rules.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { startHttpServer } from '../../support/server/small-server.ts'
import { CompactSessionDocument } from '../generated/graphql.ts'
import { loadSession, streamToEnd } from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { expectRefusal, mutate, requireNonNull } from '../support/typed-client.ts'

const finish = { finish: 'stop' }
const dayBudget = (tokens: number) => ({ answer: null, day: { tokens, cost: null } })
const answerWith = (input: number, output: number) => [{ text: 'Oaks.' }, finish, { usage: { input, output } }]
const quota = { code: 'QUOTA', retryAt: expect.stringMatching(/T00:00:00\.000Z$/) }

/** Waits until the sum of a session has this many tokens: titles are written after the answer. */
async function waitForInput(client: Client, sessionId: string, inputTokens: number): Promise<void> {
  await expect.poll(async () => (await loadSession(client, sessionId)).usage.inputTokens).toBe(inputTokens)
}

/** Responses in Anthropic's format, in this order. Collects the bodies of the requests. */
async function startAnthropic(responses: string[]) {
  const bodies: Record<string, unknown>[] = []
  const server = await startHttpServer((request, response) => {
    void readText(request).then((body) => {
      bodies.push(JSON.parse(body))
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(responses.shift())
    })
  })
  return { bodies, server }
}

function callInAnthropicFormat(): string {
  const writer = new AnthropicWriter()
  return (
    writer.start() +
    writer.toolCall({ id: 'toolu_1', name: 'look', arguments: ['{}'] }) +
    writer.finish('tool_use', { input_tokens: 90, output_tokens: 20 }) +
    writer.end()
  )
}

function textInAnthropicFormat(text: string): string {
  const writer = new AnthropicWriter()
  return (
    writer.start() +
    writer.text(text) +
    writer.finish('end_turn', { input_tokens: 10, output_tokens: 5 }) +
    writer.end()
  )
}

describe.each(transports)('over %s,', (transport) => {
  test('an answer of a provider in the format of Anthropic ends as BUDGET, in a request that may not call tools', async () => {
    const { bodies, server } = await startAnthropic([callInAnthropicFormat(), textInAnthropicFormat('So far: oaks.')])
    await using _ = server
    const claude = newProvider({ name: 'claude', type: 'anthropic', baseURL: server.url, models: ['m'] })
    const budgets = { answer: { tokens: 100, cost: null }, day: null }
    const settings = { providers: [claude], model: 'claude/m', budgets }
    await using environment = await newTestEnvironment(transport, { settings })
    const { end } = await streamToEnd(environment.client, { text: 'Trees?' })
    expect(end).toMatchObject({ status: 'COMPLETED', finishReason: 'BUDGET' })
    expect(end.message).toMatchObject({ status: 'PARTIAL', text: 'So far: oaks.' })
    expect(bodies).toMatchObject([{ tool_choice: { type: 'auto' } }, { tool_choice: { type: 'none' } }])
    expect(JSON.stringify(bodies[1])).toContain('The budget of this answer is used up.')
    for (const body of bodies) expect(findAnthropicProblems(body)).toEqual([])
  })

  test('titles count for the budget of the day, and none is written when it is used up', async () => {
    const settings = { generateTitles: true, budgets: dayBudget(150) }
    await using environment = await newTestEnvironment(transport, { settings })
    const { client, provider } = environment
    provider.enqueue(answerWith(90, 10))
    provider.enqueue([{ text: 'Trees' }, finish, { usage: { input: 40, output: 10 } }])
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    await waitForInput(client, end.sessionId, 130)
    const refused = await streamToEnd(client, { text: 'More?' })
    expect(refused.end.stream).toMatchObject({ status: 'FAILED', error: quota })
    expect(provider.requests).toHaveLength(2)
  })

  test('summaries count for the budget of the day, and none is written when it is used up', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { budgets: dayBudget(150) } })
    const { client, provider } = environment
    provider.enqueue(answerWith(90, 10))
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    provider.enqueue([{ text: 'They spoke of oaks.' }, finish, { usage: { input: 40, output: 10 } }])
    const { compactSession } = await mutate(client, CompactSessionDocument, { id: end.sessionId })
    const continuation = requireNonNull(compactSession).id
    const refused = await streamToEnd(client, { text: 'More?', sessionId: continuation })
    expect(refused.end.stream).toMatchObject({ status: 'FAILED', error: quota })
    expect(await expectRefusal(client, CompactSessionDocument, { id: continuation })).toMatchObject({
      code: 'PROVIDER',
      message: expect.stringMatching(/^The budget of the day is used up\. .* The session is unchanged\.$/),
    })
    expect(provider.requests).toHaveLength(2)
  })

  test('the budget of the day may be a cost', async () => {
    const settings = { budgets: { answer: null, day: { tokens: null, cost: 0.5 } } }
    await using environment = await newTestEnvironment(transport, { settings })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, finish, { usage: { input: 1, output: 1, extra: { cost: 0.5 } } }])
    await streamToEnd(client, { text: 'Trees?' })
    expect((await streamToEnd(client, { text: 'More?' })).end.stream).toMatchObject({ error: quota })
  })

  test('the offline agent stops when the budget of the day is used up', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { budgets: dayBudget(1) } })
    const { client } = environment
    const { end } = await streamToEnd(client, { text: '/tool look {}', model: 'offline/eliza' })
    expect(end).toMatchObject({ finishReason: 'BUDGET', message: { status: 'PARTIAL' } })
    const refused = await streamToEnd(client, { text: 'More?', model: 'offline/eliza' })
    expect(refused.end.stream).toMatchObject({ error: quota })
  })
})
