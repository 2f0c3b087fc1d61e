import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import type { Provider, ProviderType } from '../../../../src/config/profile/provider.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { joinAgentEvents } from '../../../support/fixtures/join-agent-events.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'
import { StrictProvider } from '../../../support/providers/strict-provider.ts'
import { newConnections, newRequestPolicy } from '../../../support/providers/connections.ts'

afterEach(() => vi.unstubAllEnvs())

function provider(type: ProviderType, baseURL: string, apiKey: string | null): Provider {
  return newProvider({ type, baseURL, apiKey })
}

/** Collects the events of one answer, and the code and the message of its error. */
async function ask(source: Provider): Promise<{ events: AgentEvent[]; code: unknown; message?: string }> {
  const fetch = newConnections().createFetch(source)
  const model = createLanguageModel(source, 'test', { fetch, log: silentLogger })
  const agent = createModelAgent({ model, maxSteps: 20, requestPolicy: newRequestPolicy() })
  const events: AgentEvent[] = []
  try {
    for await (const event of agent.answer(newAgentRun())) events.push(event)
    return { events, code: null }
  } catch (error) {
    if (!(error instanceof Error)) return { events, code: error }
    return { events, code: 'code' in error ? error.code : error, message: error.message }
  }
}

test.each(['openai', 'openai-compatible'] as const)('%s uses chat completions and requests the usage', async (type) => {
  await using strict = await StrictProvider.start({ apiKey: 'right' })
  strict.defaultAnswer = () => 'Hello.'
  expect((await ask(provider(type, `${strict.baseURL}/`, 'right'))).events).toMatchObject([
    { type: 'step' },
    { type: 'text', text: 'Hello.' },
    { type: 'finish', reason: 'STOP' },
    { type: 'usage', usage: { inputTokens: 10, outputTokens: 5, estimated: false } },
  ])
  expect(strict.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
})

test.each(['openai', 'openai-compatible', 'anthropic'] as const)(
  '%s without a key sends none, whatever the environment contains',
  async (type) => {
    vi.stubEnv('OPENAI_API_KEY', 'from-env')
    vi.stubEnv('ANTHROPIC_API_KEY', 'from-env')
    await using server = await startHttpServer((_request, response) => response.writeHead(400).end())
    expect((await ask(provider(type, `${server.url}/v1`, null))).code).toBe('PROVIDER')
    const { authorization, 'x-api-key': key } = server.requests[0]?.headers ?? {}
    expect([authorization, key]).toEqual([undefined, undefined])
  },
)

describe('azure', () => {
  test.each<readonly [string, string | null, string]>([
    ['', null, '/openai/deployments/test/chat/completions?api-version=2024-10-21'],
    ['/openai/', '2025-01-01-preview', '/openai/deployments/test/chat/completions?api-version=2025-01-01-preview'],
    ['/openai/deployments/other', null, '/openai/deployments/other/chat/completions?api-version=2024-10-21'],
    ['/openai/v1', null, '/openai/v1/chat/completions'],
    ['/openai/v1', 'preview', '/openai/v1/chat/completions?api-version=preview'],
  ])('under %j with the version %j is asked at %s, with its own header', async (path, apiVersion, url) => {
    await using server = await startHttpServer((_request, response) => response.writeHead(400).end())
    await ask(newProvider({ type: 'azure', baseURL: `${server.url}${path}`, apiKey: 'k', apiVersion }))
    const { headers, url: requested } = server.requests[0] ?? {}
    expect([requested, headers?.['api-key'], headers?.authorization]).toEqual([url, 'k', undefined])
  })
})

test.each([
  [{ error: { message: 'Nope', code: 'insufficient_quota' } }, 'QUOTA', 'Nope'],
  [[{ error: { code: 429, message: 'Nope', status: 'RESOURCE_EXHAUSTED' } }], 'RATE_LIMIT', 'Nope'],
  [{ detail: [{ loc: ['body'], msg: 'prompt is too long' }] }, 'CONTEXT_LENGTH', 'body: prompt is too long'],
  [{ success: false, errors: [{ code: 10_000, message: 'Authentication error' }] }, 'AUTH', 'Authentication error'],
])('the error %j is understood whatever the type of the provider', async (body, code, words) => {
  await using server = await startHttpServer((_request, response) =>
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
  )
  const messages = new Set<string>()
  for (const type of ['openai', 'openai-compatible', 'anthropic'] as const) {
    const answer = await ask(provider(type, `${server.url}/v1`, 'k'))
    expect(answer.code).toBe(code)
    messages.add(answer.message ?? '')
  }
  expect([...messages]).toEqual([expect.stringMatching(new RegExp(`^The .* The provider says: ${words}$`))])
})

describe.each(['openai', 'openai-compatible'] as const)('a server of another make as %s', (type) => {
  const chunk = (delta: object, finishReason: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`
  const answerWith = async (...chunks: readonly string[]) => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`${chunks.join('')}data: [DONE]\n\n`),
    )
    const { events, code } = await ask(provider(type, `${server.url}/v1`, 'k'))
    expect(code).toBeNull()
    return joinAgentEvents(events).flatMap((event) =>
      event.type === 'text' || event.type === 'reasoning' ? [event] : [],
    )
  }

  test.each(['reasoning_content', 'reasoning'])('yields its %s as reasoning', async (field) => {
    const events = await answerWith(
      chunk({ role: 'assistant', [field]: 'Two and ' }),
      chunk({ [field]: 'two.', content: '' }),
      chunk({ [field]: null, content: 'Four.' }),
      chunk({}, 'stop'),
    )
    expect(events.map(({ type: kind, text }) => [kind, text])).toEqual([
      ['reasoning', 'Two and two.'],
      ['text', 'Four.'],
    ])
    expect(new Set(events.map(({ block: name }) => name)).size).toBe(2)
  })

  test('yields reasoning and text of the same chunk, once if both fields are set', async () => {
    const both = { reasoning_content: 'Hm.', reasoning: 'Hm.', content: 'Four.' }
    expect(await answerWith(chunk(both), chunk({}, 'stop'))).toMatchObject([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Four.' },
    ])
  })
})

test('openai ignores reasoning in another form, and chunks without choices', async () => {
  const chunks = [
    {
      id: 'c',
      choices: [{ index: 0, delta: { reasoning: { effort: 'low' }, content: 'Four.' }, finish_reason: 'stop' }],
    },
    { id: 'c', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
  ]
  await using server = await startHttpServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join(''))
  })
  const { events, code } = await ask(provider('openai', `${server.url}/v1`, 'k'))
  expect(code).toBeNull()
  expect(events.map(({ type }) => type)).toEqual(['step', 'text', 'finish', 'usage'])
})

type AnthropicEvent = { readonly type: string } & Record<string, unknown>

function write(response: ServerResponse, events: readonly AnthropicEvent[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  response.end()
}

const usage = { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 }
const message = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'test',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage,
}
const delta = (index: number, content: object): AnthropicEvent => ({
  type: 'content_block_delta',
  index,
  delta: content,
})
const block = (index: number, content: object): AnthropicEvent => ({
  type: 'content_block_start',
  index,
  content_block: content,
})
const blockEnd = (index: number): AnthropicEvent => ({ type: 'content_block_stop', index })
const start: readonly AnthropicEvent[] = [
  { type: 'message_start', message },
  block(0, { type: 'thinking', thinking: '', signature: '' }),
  delta(0, { type: 'thinking_delta', thinking: 'hm' }),
  blockEnd(0),
  block(1, { type: 'text', text: '' }),
  delta(1, { type: 'text_delta', text: 'Hello' }),
  blockEnd(1),
]
const end: readonly AnthropicEvent[] = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
]

test('anthropic yields thinking, text and usage, and gets its key in its own header', async () => {
  await using server = await startHttpServer((_request, response) => write(response, [...start, ...end]))
  const { events, code } = await ask(provider('anthropic', `${server.url}/v1`, 'right'))
  expect(code).toBeNull()
  expect(events).toMatchObject([
    { type: 'step' },
    { type: 'reasoning', text: 'hm' },
    // The server has not signed its thoughts.
    { type: 'reasoning', text: '', providerState: { options: { anthropic: { signature: '' } } } },
    { type: 'text', text: 'Hello' },
    { type: 'finish', reason: 'STOP' },
    { type: 'usage', usage: { inputTokens: 13, outputTokens: 7, cachedInputTokens: 4 } },
  ])
  expect(server.requests[0]).toMatchObject({ url: '/v1/messages', headers: { 'x-api-key': 'right' } })
})

test.each([
  ['', '/v1/messages'],
  ['/', '/v1/messages'],
  ['/v1', '/v1/messages'],
  ['/gateway/v2/', '/gateway/v2/messages'],
])('anthropic under the path %j is asked at %s', async (path, url) => {
  await using server = await startHttpServer((_request, response) => write(response, [...start, ...end]))
  expect((await ask(provider('anthropic', `${server.url}${path}`, 'right'))).code).toBeNull()
  expect(server.requests.map((request) => request.url)).toEqual([url])
})

test('an anthropic ping within a tag does not split it', async () => {
  const text = (piece: string) => delta(0, { type: 'text_delta', text: piece })
  const events = [text('<thi'), { type: 'ping' }, text('nk>hm</think>Hello')]
  await using server = await startHttpServer((_request, response) =>
    write(response, [
      { type: 'message_start', message },
      block(0, { type: 'text', text: '' }),
      ...events,
      blockEnd(0),
      ...end,
    ]),
  )
  const answer = await ask(provider('anthropic', `${server.url}/v1`, 'right'))
  expect(answer.events.slice(1, 3)).toMatchObject([
    { type: 'reasoning', text: 'hm' },
    { type: 'text', text: 'Hello' },
  ])
})

test('an anthropic answer that ends too early fails with PROVIDER and keeps its text', async () => {
  await using server = await startHttpServer((_request, response) => write(response, start))
  const { events, code } = await ask(provider('anthropic', `${server.url}/v1`, 'right'))
  expect(code).toBe('PROVIDER')
  expect(events).toMatchObject([
    { type: 'step' },
    { type: 'reasoning', text: 'hm' },
    { type: 'reasoning', text: '' },
    { type: 'text', text: 'Hello' },
  ])
})

test('an anthropic overload error within the stream is RATE_LIMIT', async () => {
  const overload = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  await using server = await startHttpServer((_request, response) => write(response, [...start, overload]))
  const { events, code } = await ask(provider('anthropic', `${server.url}/v1`, 'right'))
  expect(code).toBe('RATE_LIMIT')
  expect(events).toContainEqual(expect.objectContaining({ type: 'text', text: 'Hello' }))
})

test.each([
  ['a list of one block', 'http://gateway.example/v1', [{ type: 'text', text: 'Hi' }]],
  ['a string, where LiteLLM passes it on,', 'http://127.0.0.1:4000/v1', 'Hi'],
])("Anthropic's format has %s for one plain text", async (_, baseURL, content) => {
  const bodies: unknown[] = []
  const fetch: typeof globalThis.fetch = async (_input, init) => {
    bodies.push(JSON.parse(typeof init?.body === 'string' ? init.body : ''))
    return new Response('{}', { status: 500 })
  }
  const model = createLanguageModel(provider('anthropic', baseURL, 'k'), 'test', { fetch, log: silentLogger })
  const agent = createModelAgent({ model, maxSteps: 1, requestPolicy: newRequestPolicy() })
  const answer = agent.answer(newAgentRun())[Symbol.asyncIterator]()
  await expect(
    (async () => {
      for (let next = await answer.next(); !next.done; next = await answer.next());
    })(),
  ).rejects.toMatchObject({ code: 'PROVIDER' })
  expect(bodies[0]).toMatchObject({ messages: [{ role: 'user', content }] })
})
