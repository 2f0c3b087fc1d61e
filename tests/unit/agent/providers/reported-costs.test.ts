import { expect, test } from 'vitest'
import { askDialectServer, type DialectResponse } from '../../../support/providers/dialects/ask-dialect-server.ts'
import type { DialectServer } from '../../../support/providers/dialects/dialect-server.ts'
import { liteLLMMessagesServer, liteLLMServer } from '../../../support/providers/dialects/litellm.ts'
import { openAIServer } from '../../../support/providers/dialects/openai.ts'
import { openRouterServer } from '../../../support/providers/dialects/openrouter.ts'
import { AnthropicWriter, CompletionWriter } from '../../../support/providers/dialects/response-writer.ts'

/** The cost of one request, in US dollars, as the server reports it. */
async function readCost(server: DialectServer, response: DialectResponse): Promise<number | undefined> {
  const { events, error } = await askDialectServer(server, [response])
  expect(error).toBeNull()
  return events.find((event) => event.type === 'usage')?.usage.reportedCost
}

function stream(server: DialectServer, cost: object = {}): string {
  const writer = server.newResponse()
  const [reason = 'stop'] = server.type === 'anthropic' ? ['end_turn'] : []
  return writer.start() + writer.text('Hello.') + writer.finish(reason, { ...server.usage, ...cost }) + writer.end()
}

test.each<[string, DialectServer, object, number]>([
  ['OpenRouter', openRouterServer, {}, 0.00014],
  [
    'OpenRouter, of a key of the user',
    openRouterServer,
    { is_byok: true, cost_details: { upstream_inference_cost: 1 } },
    1.00014,
  ],
  ['LiteLLM, with include_cost_in_streaming_usage', liteLLMServer, { cost: 0.0002 }, 0.0002],
  ['LiteLLM in the format of Anthropic', liteLLMMessagesServer, { cost: 0.0003 }, 0.0003],
  ['Vercel', openAIServer, { cost: 0.0004, market_cost: 0.0005 }, 0.0004],
  ['Perplexity', openAIServer, { cost: { input_tokens_cost: 0.1, output_tokens_cost: 0.2, total_cost: 0.3 } }, 0.3],
  ['DeepInfra', openAIServer, { estimated_cost: 0.00034214999999999994 }, 0.00034215],
  ['xAI', openAIServer, { num_sources_used: 0, cost_in_usd_ticks: 37_756_000 }, 0.0037756],
])('the usage of %s has the cost of a request', async (_, server, cost, amount) => {
  expect(await readCost(server, stream(server, cost))).toBe(amount)
  const [reason = 'stop'] = server.type === 'anthropic' ? ['end_turn'] : []
  const whole = server.newResponse().whole('Hello.', reason, { ...server.usage, ...cost })
  expect(await readCost(server, { status: 200, body: whole })).toBe(amount)
})

test.each([liteLLMServer, liteLLMMessagesServer])(
  'the header of $name has the cost of an answer that is no stream',
  async (server) => {
    const body = server.newResponse().whole('Hello.', 'stop', server.usage)
    const headers = { 'x-litellm-response-cost': '3.45e-05' }
    expect(await readCost(server, { status: 200, body, headers })).toBe(0.0000345)
    const withCost = server.newResponse().whole('Hello.', 'stop', { ...server.usage, cost: 0.5 })
    expect(await readCost(server, { status: 200, body: withCost, headers })).toBe(0.5)
  },
)

test.each(['0.0', '', 'None', '-1', 'NaN'])('a header that says %j says nothing', async (text) => {
  const headers = { ...liteLLMServer.headers, 'x-litellm-response-cost': text }
  expect(await readCost({ ...liteLLMServer, headers }, stream(liteLLMServer))).toBeUndefined()
})

test("the metadata of Vercel's gateway has the cost where the usage does not", async () => {
  const metadata = { provider_metadata: { gateway: { routing: { finalProvider: 'openai' }, cost: '0.0045405' } } }
  const writer = new CompletionWriter()
  const inDelta =
    writer.start() +
    writer.text('Hello.') +
    writer.delta(metadata) +
    writer.finish('stop', openAIServer.usage) +
    writer.end()
  expect(await readCost(openAIServer, inDelta)).toBe(0.0045405)

  const message = new AnthropicWriter().whole('Hello.', 'end_turn', { input_tokens: 8, output_tokens: 5 })
  const answer = { status: 200, body: { ...message, ...metadata } }
  expect(await readCost(liteLLMMessagesServer, answer)).toBe(0.0045405)
})

test('without a cost there is none', async () => {
  expect(await readCost(openAIServer, stream(openAIServer))).toBeUndefined()
  expect(await readCost(liteLLMMessagesServer, stream(liteLLMMessagesServer))).toBeUndefined()
})
