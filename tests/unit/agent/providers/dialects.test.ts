import { describe, expect, test } from 'vitest'
import type { ModelMessage } from 'ai'
import { z } from 'zod'
import type { ModelHistoryRequest } from '../../../../src/agent/agent.ts'
import { fetchModels } from '../../../../src/agent/models/fetch-models.ts'
import { parseProviderFinishReason } from '../../../../src/agent/providers/parse-provider-finish-reason.ts'
import { arrangeModelMessages } from '../../../../src/agent/providers/requests/arrange-model-messages.ts'
import { providerDialects } from '../../../../src/agent/providers/select-dialect.ts'
import type { StreamErrorCode } from '../../../../src/model/stream.ts'
import { newProviderFetch } from '../../../support/providers/connections.ts'
import { newTool } from '../../../support/fixtures/tools.ts'
import { allDialectServers } from '../../../support/providers/dialects/all-dialect-servers.ts'
import {
  askDialectServer,
  findDialect,
  newDialectProvider,
} from '../../../support/providers/dialects/ask-dialect-server.ts'
import type { DialectError, DialectServer } from '../../../support/providers/dialects/dialect-server.ts'
import type { ResponseWriter, WrittenToolCall } from '../../../support/providers/dialects/response-writer.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'

const codes: Readonly<Record<DialectError['kind'], StreamErrorCode>> = {
  authentication: 'AUTH',
  'context-length': 'CONTEXT_LENGTH',
  'model-not-found': 'MODEL_NOT_FOUND',
  moderation: 'PROVIDER',
  overloaded: 'RATE_LIMIT',
  quota: 'QUOTA',
  'rate-limit': 'RATE_LIMIT',
  region: 'PROVIDER',
  timeout: 'TIMEOUT',
  'tokens-per-minute': 'RATE_LIMIT',
  unsupported: 'PROVIDER',
}

/** How the sentences begin that tell the kinds apart. */
const sentences: Readonly<Record<DialectError['kind'], RegExp>> = {
  authentication: /^The provider rejected the API key/,
  'context-length': /^The request is too long/,
  'model-not-found': /^The provider does not know this model/,
  moderation: /^The provider refused the chat because of its content/,
  overloaded: /^The provider is overloaded/,
  quota: /^The account's quota/,
  'rate-limit': /^The provider accepts no more requests/,
  region: /^The provider does not serve this country/,
  timeout: /^The provider did not respond in time/,
  'tokens-per-minute': /^The request has more tokens than the provider accepts in a minute/,
  unsupported: /^The model or its server does not support/,
}

const isAnthropic = ({ type }: DialectServer): boolean => type === 'anthropic'
const stop = (server: DialectServer): string => (isAnthropic(server) ? 'end_turn' : 'stop')
const maxLength = (server: DialectServer): string => (isAnthropic(server) ? 'max_tokens' : 'length')
const callReason = (server: DialectServer): string => (isAnthropic(server) ? 'tool_use' : 'tool_calls')

/** A complete answer, made of what `write` writes between its start and its end. */
function newAnswer(server: DialectServer, write: (writer: ResponseWriter) => string, reason = stop(server)): string {
  const writer = server.newResponse()
  return writer.start() + write(writer) + writer.finish(reason, server.usage) + writer.end()
}

const greeting = (server: DialectServer): string =>
  newAnswer(server, (writer) => writer.text('Hel') + writer.text('lo.'))

test('every dialect has a server', () => {
  const names = new Set(allDialectServers.map(({ name }) => name.replace(/,.*$/, '')))
  expect(providerDialects.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([])
})

describe.each(allDialectServers)('$name', (server) => {
  test('is understood, with everything in its stream that means nothing', async () => {
    const { text, error, log } = await askDialectServer(server, [greeting(server)])
    expect([text, error]).toEqual(['Hello.', null])
    expect(log.entries.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('is understood in chunks of one byte', async () => {
    const { text, error } = await askDialectServer(server, [
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const byte of Buffer.from(greeting(server))) response.write(Buffer.from([byte]))
        response.end()
      },
    ])
    expect([text, error]).toEqual(['Hello.', null])
  })

  test('skips events, fields and blocks that nobody knows', async () => {
    const unknown = [
      ': a comment\n\n',
      'data:\n\n',
      'event: tomorrow\ndata: {"type": "tomorrow", "id": 7, "payload": [1, {"a": null}]}\n\n',
      'id: 1\nretry: 10\ndata: {"object": "tomorrow.chunk"}\n\n',
      'data: [1, 2]\n\n',
      'data: "text"\n\n',
      'data: null\n\n',
    ]
    const answer = newAnswer(server, (writer) => unknown.map((event) => event + writer.text('a')).join(''))
    const { text, error } = await askDialectServer(server, [answer])
    expect([text, error]).toEqual(['aaaaaaa', null])
  })

  test('reports its usage, with the cached part in the input', async () => {
    const { events } = await askDialectServer(server, [greeting(server)])
    const cached = server.tellsCachedTokens === false ? 0 : 4
    const usage = events.find((event) => event.type === 'usage')?.usage
    expect({ cachedInputTokens: 0, ...usage }).toMatchObject({
      inputTokens: 12,
      outputTokens: 5,
      cachedInputTokens: cached,
    })
  })

  test.each([
    ['no usage', undefined],
    ['impossible figures', { prompt_tokens: -1, completion_tokens: 1.5, input_tokens: -1, output_tokens: 1e300 }],
    ['texts for figures', { prompt_tokens: 'many', completion_tokens: null, input_tokens: 'many', output_tokens: '5' }],
    [
      'objects for figures',
      { prompt_tokens: {}, completion_tokens: { a: 1 }, input_tokens: { a: 1 }, output_tokens: [] },
    ],
  ])('answers with %s', async (_, usage) => {
    const writer = server.newResponse()
    const stream = writer.start() + writer.text('Hello.') + writer.finish(stop(server), usage) + writer.end()
    const { text, error } = await askDialectServer(server, [stream])
    expect([text, error]).toEqual(['Hello.', null])
  })

  test.each(Object.entries(server.finishReasons))('stops because of %s: %s', async (reason, meaning) => {
    expect(parseProviderFinishReason(reason)).toBe(meaning)
    const { text, error, events } = await askDialectServer(server, [
      newAnswer(server, (writer) => writer.text('So'), reason),
    ])
    expect([text, error]).toEqual(['So', null])
    expect(events).toContainEqual({ type: 'finish', reason: meaning })
  })

  test.each([
    ['its end marker, without a finish reason', (writer: ResponseWriter) => writer.end()],
    ['a finish reason, without its end marker', (writer: ResponseWriter) => writer.finish(stop(server))],
  ])('has answered after %s', async (_, end) => {
    const writer = server.newResponse()
    const marker = end(writer)
    // Some servers have no end marker.
    if (marker === '') return
    const { text, error } = await askDialectServer(server, [writer.start() + writer.text('Hello.') + marker])
    expect([text, error]).toEqual(['Hello.', null])
  })

  test.concurrent.each(server.errors)(
    'fails with $kind and status $status: "$words"',
    async ({ kind, status, body, words }) => {
      const { error, text } = await askDialectServer(server, [{ status, body }], { maxSteps: 1 })
      expect([error?.code, error?.message, text]).toEqual([codes[kind], expect.stringMatching(sentences[kind]), ''])
      expect(error?.message).toContain(words)
    },
  )

  test.concurrent.each(server.errors.filter(({ body }) => JSON.stringify(body).includes('"error"')))(
    'fails with $kind in the place of a stream, and within it: "$words"',
    async ({ kind, body, words }) => {
      const start = server.newResponse().start()
      const event = `data: ${JSON.stringify(body)}\n\n`
      const responses = [{ status: 200, body }, event, `${start}${event}`]
      const answers = await Promise.all(responses.map((each) => askDialectServer(server, [each], { maxSteps: 1 })))
      for (const { error } of answers)
        expect([error?.code, error?.message]).toEqual([codes[kind], expect.stringContaining(words)])
    },
  )

  test.each(server.retries)('asks for a wait of $delayMs ms with status $status', async ({ delayMs, ...response }) => {
    const before = Date.now()
    const { error, requests } = await askDialectServer(server, [response])
    const retryAt = error?.retryAt ?? 0
    expect(retryAt).toBeGreaterThanOrEqual(before + delayMs)
    expect(retryAt).toBeLessThanOrEqual(Date.now() + delayMs)
    // The wait is longer than the test allows.
    expect(requests).toHaveLength(1)
  })

  test('keeps what came before an error', async () => {
    const error = server.errors.find(({ body }) => JSON.stringify(body).includes('"error"'))
    const writer = server.newResponse()
    const stream = `${writer.start()}${writer.text('Well')}data: ${JSON.stringify(error?.body ?? { error: 'Nope' })}\n\n`
    const answer = await askDialectServer(server, [stream])
    expect(answer).toMatchObject({ text: 'Well', error: { message: expect.stringContaining(error?.words ?? 'Nope') } })
    expect(answer.requests).toHaveLength(1)
  })

  test('keeps what came before the connection broke', async () => {
    const writer = server.newResponse()
    const beginning = writer.start() + writer.text('Well')
    for (const end of [(socket: { destroy(): void }) => socket.destroy(), null]) {
      const { text, error } = await askDialectServer(server, [
        (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.write(beginning, () => (end ? end(response) : response.end()))
        },
      ])
      expect([text, error?.code]).toEqual(['Well', 'PROVIDER'])
    }
  })

  test('is understood if it answers with plain JSON, whatever its label', async () => {
    const whole = server.newResponse().whole('Hello.', stop(server), server.usage)
    for (const type of ['application/json', 'text/event-stream', 'text/plain']) {
      const { text, error } = await askDialectServer(server, [
        { status: 200, body: whole, headers: { 'content-type': type } },
      ])
      expect([text, error]).toEqual(['Hello.', null])
    }
  })

  test('thinks before it answers', async () => {
    const answer = newAnswer(server, (writer) => writer.reasoning('Hm.') + writer.text('Hello.'))
    const { reasoning, text } = await askDialectServer(server, [answer])
    expect([reasoning, text]).toEqual(['Hm.', 'Hello.'])
  })

  test.each<readonly [string, WrittenToolCall['arguments']]>([
    ['in one piece', ['{"id": 9007199254740993}']],
    ['in pieces', ['{"id"', ': 90071992', '54740993}']],
    ['as an object', { id: 7 }],
    ['as JSON in JSON', [JSON.stringify('{"id": 7}')]],
  ])('calls a tool with its arguments %s', async (_, input) => {
    const tool = newTool({ name: 'look', isReadOnly: true })
    const call = newAnswer(
      server,
      (writer) => writer.toolCall({ id: 'call_1', name: 'look', arguments: input }),
      callReason(server),
    )
    const { events, text } = await askDialectServer(server, [call, greeting(server)], { tools: [tool] })
    const digits = events.flatMap((event) => (event.type === 'tool-call' ? event.argumentsText.match(/\d+/g) : []))
    expect(digits).toEqual([JSON.stringify(input).includes('9007') ? '9007199254740993' : '7'])
    expect([tool.runs.length, text]).toEqual([1, 'Hello.'])
  })

  test.each<readonly [string, WrittenToolCall['arguments']]>([
    ['null', null],
    ['none', undefined],
    ['an empty text', ['']],
  ])('calls a tool without parameters, with %s for arguments', async (_, input) => {
    const tool = newTool({ name: 'look', isReadOnly: true })
    const call = newAnswer(
      server,
      (writer) => writer.toolCall({ id: 'call_1', name: 'look', arguments: input }),
      callReason(server),
    )
    const { text } = await askDialectServer(server, [call, greeting(server)], { tools: [tool] })
    expect([tool.runs, text]).toEqual([[{}], 'Hello.'])
  })

  test('calls several tools at once', async () => {
    const tool = newTool({ name: 'look', isReadOnly: true })
    const calls = newAnswer(
      server,
      (writer) =>
        ['1', '2']
          .map((id) => writer.toolCall({ id: `call_${id}`, name: 'look', arguments: [`{"id":${id}}`] }))
          .join(''),
      callReason(server),
    )
    const { text, requests } = await askDialectServer(server, [calls, greeting(server)], { tools: [tool] })
    expect([tool.runs, text]).toEqual([[{ id: 1 }, { id: 2 }], 'Hello.'])
    expect(requests).toHaveLength(2)
  })

  test('has no call that was cut off', async () => {
    const tool = newTool({ name: 'look', isReadOnly: true })
    const cut = newAnswer(
      server,
      (writer) => writer.text('I look.') + writer.toolCall({ id: 'call_1', name: 'look', arguments: ['{"id"'] }),
      maxLength(server),
    )
    await askDialectServer(server, [cut, greeting(server)], { tools: [tool] })
    expect(tool.runs).toEqual([])
  })

  test('gets the roles in the order that it demands', async () => {
    const { roles } = findDialect(server)
    const messages: ModelMessage[] = [
      { role: 'assistant', content: [{ type: 'text', text: 'Earlier.' }] },
      { role: 'user', content: [{ type: 'text', text: 'One.' }] },
      { role: 'system', content: 'A summary.' },
      { role: 'user', content: [{ type: 'text', text: 'Two.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Three.' }] },
    ]
    const { requests, text } = await askDialectServer(server, [greeting(server)], {
      loadHistory: async () => arrangeModelMessages(messages, roles),
    })
    expect(text).toBe('Hello.')
    const sent = z.array(z.looseObject({ role: z.string() })).parse(requests[0]?.['messages'])
    const sentRoles = sent.map(({ role }) => role)
    const chat = sentRoles.filter((role) => role !== 'system')
    expect(JSON.stringify(requests[0])).toMatch(/Earlier\..*One\..*Two\..*Three\./)
    expect(JSON.stringify(requests[0])).toContain('A summary.')
    if (roles.startsWithUser) expect(chat[0]).toBe('user')
    if (roles.alternates) expect(chat.filter((role, index) => role === chat[index - 1])).toEqual([])
    if (roles.system === 'first') expect(sentRoles.lastIndexOf('system')).toBeLessThan(1)
  })

  test('has its state kept, which only it can read', async () => {
    if (server.answerWithState === undefined) return
    const tool = newTool({ name: 'look', isReadOnly: true })
    const { events } = await askDialectServer(server, [server.answerWithState, greeting(server)], { tools: [tool] })
    const states = events.map((event) => ('providerState' in event ? JSON.stringify(event.providerState) : ''))
    expect(states.filter((state) => state.includes('opaque-state'))).toHaveLength(1)
  })

  test('gets no more tools than it takes, with names and descriptions that it takes', async () => {
    const { maxCount, maxNameLength, maxDescriptionLength, unsupportedKeywords } = findDialect(server).tools
    const schema = {
      type: 'object',
      properties: Object.fromEntries(unsupportedKeywords.map((each) => ['a', { [each]: 1 }])),
    }
    const tools = Array.from({ length: maxCount + 5 }, (_, index) =>
      newTool({
        name: `tool_${String(index).padStart(maxNameLength - 5, '0')}`,
        description: 'x'.repeat(20_000),
        inputSchema: schema,
      }),
    )
    const { requests } = await askDialectServer(server, [greeting(server)], { tools })
    const sent = JSON.stringify(requests[0]?.['tools'])
    expect(requests[0]?.['tools']).toHaveLength(maxCount)
    const lengths = sent.match(/x+/g)?.map(({ length }) => length) ?? []
    expect(Math.max(...lengths)).toBeLessThan(maxDescriptionLength)
    for (const keyword of unsupportedKeywords) expect(sent).not.toContain(`"${keyword}":1`)
  })

  test('answers without tools if it refuses them', async () => {
    const refusal = { status: 400, body: { error: { message: 'This model does not support tools.' } } }
    const { text, requests } = await askDialectServer(server, [refusal, greeting(server)])
    expect(text).toBe('Hello.')
    expect(requests.map(({ tools }) => tools === undefined)).toEqual([false, true])
  })

  test('answers with a shorter context if it refuses the first one', async () => {
    const refusal = server.errors.find(({ kind }) => kind === 'context-length')
    if (!refusal) throw new Error('Every server has an error for a long context.')
    const question: ModelMessage = { role: 'user', content: 'x'.repeat(10_000) }
    const loadHistory = async (request?: ModelHistoryRequest): Promise<ModelMessage[]> =>
      request?.contextWindow === undefined ? [question, { role: 'assistant', content: 'Yes.' }, question] : [question]
    const { text, requests } = await askDialectServer(server, [refusal, greeting(server)], { loadHistory })
    expect(text).toBe('Hello.')
    expect(JSON.stringify(requests[1]).length).toBeLessThan(JSON.stringify(requests[0]).length)
  })

  test('lists its chat models with their context windows', async () => {
    if (server.modelList === null) return
    await using http = await startHttpServer((_request, response) => response.end(JSON.stringify(server.modelList)))
    const { models } = await fetchModels(newDialectProvider(server, http.url), newProviderFetch())
    expect(models.map(({ name, contextWindow }) => [name, contextWindow])).toEqual([['m', server.listedContextWindow]])
  })
})
