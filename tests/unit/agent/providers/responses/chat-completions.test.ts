import { APICallError } from 'ai'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type CollectedResponse,
  collectResponse,
  type ResponsePieces,
} from '../../../../support/providers/collect-response.ts'

const data = (value: unknown): string => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  data({ id: 'c1', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }], ...more })
const calls = (...items: readonly object[]): string => chunk({ tool_calls: items })
const done = data('[DONE]')
const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 }
const stop = chunk({}, 'stop') + done
const callsEnd = chunk({}, 'tool_calls') + done

const collect = (...pieces: ResponsePieces): Promise<CollectedResponse> => collectResponse('chat-completions', pieces)

describe('text and reasoning are read', () => {
  test.each<[string, string, Partial<CollectedResponse>]>([
    [
      'with a numeric id, and without an object',
      data({ id: 17, created: '1', choices: [{ delta: { content: 'Hi' } }] }) + stop,
      { text: 'Hi' },
    ],
    ['from a chunk of another role', chunk({ role: 'tool', content: 'Hi' }) + stop, { text: 'Hi' }],
    ['in parts', chunk({ content: [{ type: 'text', text: 'Hi' }, ' there'] }) + stop, { text: 'Hi there' }],
    ['in parts of an unknown type', chunk({ content: [{ type: 'output_text', text: 'Hi' }] }) + stop, { text: 'Hi' }],
    [
      'in `message` in place of `delta`',
      data({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }),
      { text: 'Hi' },
    ],
    ['in `text` of old completions', data({ choices: [{ text: 'Hi', finish_reason: 'stop' }] }), { text: 'Hi' }],
    ['in a refusal', chunk({ refusal: 'I cannot.' }) + stop, { text: 'I cannot.', finish: 'refusal' }],
    [
      'beside a refusal that is no text',
      chunk({ content: 'Hi', refusal: false }) + stop,
      { text: 'Hi', finish: 'stop' },
    ],
    [
      'in the only choice, whatever its index is',
      data({ choices: [{ index: 1, delta: { content: 'H' } }] }) +
        data({ choices: [{ index: 1, delta: { content: 'i' }, finish_reason: 'stop' }] }),
      { text: 'Hi', finish: 'stop' },
    ],
    ['as a number', chunk({ content: 4 }) + stop, { text: '4' }],
    ['after the finish reason', chunk({ content: 'H' }, 'stop') + chunk({ content: 'i' }) + done, { text: 'Hi' }],
    ['in reasoning_content', chunk({ reasoning_content: 'Hm' }) + stop, { reasoning: 'Hm' }],
    ['in reasoning', chunk({ reasoning: 'Hm', content: '' }) + stop, { reasoning: 'Hm' }],
    ['in thinking', chunk({ thinking: 'Hm' }) + stop, { reasoning: 'Hm' }],
    ['in both fields, once', chunk({ reasoning: 'Hm', reasoning_content: 'Hm' }) + stop, { reasoning: 'Hm' }],
    [
      'in parts of a thought',
      chunk({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] },
          { type: 'text', text: 'Hi' },
        ],
      }) + stop,
      { reasoning: 'Hm', text: 'Hi' },
    ],
    [
      'in reasoning_details',
      chunk({
        reasoning_details: [
          { type: 'reasoning.text', text: 'Hm' },
          { type: 'reasoning.summary', summary: '!' },
        ],
      }) + stop,
      { reasoning: 'Hm!' },
    ],
    [
      'in thinking_blocks',
      chunk({ thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 's' }] }) + stop,
      { reasoning: 'Hm' },
    ],
    [
      'of the first choice only',
      data({
        choices: [
          { index: 1, delta: { content: 'No' } },
          { index: 0, delta: { content: 'Hi' } },
        ],
      }) + stop,
      { text: 'Hi' },
    ],
  ])('%s', async (_, body, expected) => {
    const response = await collect(body)
    expect(response).toMatchObject({ ...expected, error: null })
  })
})

describe('any framing is read', () => {
  const content = JSON.stringify({ choices: [{ delta: { content: 'Hi' } }] })
  const end = JSON.stringify({ choices: [{ delta: {}, finish_reason: 'stop' }] })
  const completion = {
    id: 'c',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'Hi', reasoning_content: 'Hm' }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 10, completion_tokens: 3 },
  }
  test.each([
    [
      'comments, pings and empty data',
      `: ping\n\ndata:\n\ndata: \n\n${data(content)}: OPENROUTER PROCESSING\n\n${data(end)}`,
    ],
    ['carriage returns', `data: ${content}\r\n\r\ndata: ${end}\r\n\r\n`],
    ['no space after the colon', `data:${content}\n\ndata:${end}\n\n`],
    ['no empty lines', `data: ${content}\ndata: ${end}\ndata: [DONE]\n`],
    [
      'event names, ids and retry',
      `event: message\nid: 1\nretry: 5\ndata: ${content}\n\nevent: message\ndata: ${end}\n\n`,
    ],
    ['a byte order mark', `\ufeffdata: ${content}\n\ndata: ${end}\n\n`],
    [
      'data on several lines',
      `data: {"choices":\ndata: [{"delta": {"content": "Hi"},\ndata: "finish_reason": "stop"}]}\n\n`,
    ],
    ['one JSON value a line', `${content}\n${end}\n`],
    ['a whole completion', JSON.stringify(completion)],
    ['a whole completion, indented', JSON.stringify(completion, null, 2)],
    ['a whole completion as an event', data(completion)],
    ['no line break at the end', `data: ${content}\n\ndata: ${end}`],
  ])('%s, wherever it is split', async (_, body) => {
    expect(await collect(body)).toMatchObject({ text: 'Hi', finish: 'stop', error: null, skipped: {} })
    expect(await collect(...body)).toMatchObject({ text: 'Hi', finish: 'stop', error: null })
    expect(await collectResponse('chat-completions', [body], 'application/json')).toMatchObject({ text: 'Hi' })
  })

  test('what cannot be read is skipped, and counted by its kind', async () => {
    const body = [
      data({ type: 'ping' }),
      'data: {"id":\n\n',
      data('5'),
      data({ choices: 'none' }),
      data({ type: 'ping' }),
    ]
    const response = await collect(chunk({ content: 'Hi', weight: 3 }), ...body, stop)
    expect(response).toMatchObject({ text: 'Hi', error: null })
    expect(response.skipped).toEqual({
      'event ping': 2,
      'field weight of a delta': 1,
      'text that is not JSON': 1,
      'value of type number': 1,
    })
  })
})

describe('the end of an answer', () => {
  test.each<[string, ResponsePieces, string]>([
    ['is a finish reason alone', [chunk({ content: 'Hi' }), chunk({}, 'length')], 'length'],
    ['is [DONE] alone', [chunk({ content: 'Hi' }), done], 'stop'],
    [
      'is a finish reason before the connection breaks',
      [chunk({ content: 'Hi' }, 'stop'), new Error('broken')],
      'stop',
    ],
    ['is a finish reason in an empty string, then [DONE]', [chunk({ content: 'Hi' }, ''), done], 'stop'],
    ['is [DONE], whatever follows', [chunk({ content: 'Hi' }), done, chunk({ content: ' there' })], 'stop'],
  ])('%s', async (_, pieces, finish) => {
    expect(await collect(...pieces)).toMatchObject({ text: 'Hi', finish, error: null })
  })

  test('is missing if the connection just closes: the text is kept, and the answer fails', async () => {
    const { text, error } = await collect(chunk({ content: 'Hi' }))
    expect(text).toBe('Hi')
    expect(error).toMatchObject({ code: 'PROVIDER', message: expect.stringContaining('before it was complete') })
  })

  test('is missing if the connection breaks: the text is kept, and the error is the original one', async () => {
    const broken = new Error('broken')
    expect(await collect(chunk({ content: 'Hi' }), broken)).toMatchObject({ text: 'Hi', error: broken })
  })

  test('is whole calls before the connection closes', async () => {
    const call = { index: 0, id: 'a', function: { name: 'look', arguments: '{"a":1}' } }
    expect(await collect(calls(call))).toMatchObject({
      calls: [['a', 'look', '{"a":1}']],
      finish: 'tool_calls',
      error: null,
    })
    expect(await collect(calls({ ...call, function: { name: 'look', arguments: '{"a":' } }))).toMatchObject({
      error: { code: 'PROVIDER' },
    })
    expect(await collect(calls(call), new Error('broken'))).toMatchObject({ error: { message: 'broken' } })
  })
})

describe('a connection that stays open after the end of an answer', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  test.each<[string, string, string]>([
    ['which is a finish reason', chunk({ content: 'Hi' }) + chunk({}, 'stop'), 'stop'],
    ['which the server follows with pings', `${chunk({ content: 'Hi' }, 'length')}: ping\n\n`, 'length'],
  ])('%s', async (_, body, finish) => {
    const response = collect(body, null)
    await vi.advanceTimersByTimeAsync(3000)
    expect(await response).toMatchObject({ text: 'Hi', finish, error: null })
  })

  test('is waited for: usage and text may follow', async () => {
    const response = collect(chunk({ content: 'H' }, 'stop'), chunk({ content: 'i' }, null, { usage }), null)
    await vi.advanceTimersByTimeAsync(3000)
    expect(await response).toMatchObject({ text: 'Hi', usage: [7, 2] })
  })
})

describe('the arguments of a call are read', () => {
  const big = '{"id":12345678901234567890}'
  const call = (args: string): string =>
    `data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"look","arguments":${args}}}]}}]}\n\n`
  test.each([
    ['as text', call('"{\\"a\\":1}"'), '{"a":1}'],
    ['as an object', call('{"a":1}'), '{"a":1}'],
    ['as an object, with all digits', call(big), big],
    ['as JSON in JSON', call(JSON.stringify(JSON.stringify('{"a":1}'))), '{"a":1}'],
    ['as JSON in JSON, with all digits', call(JSON.stringify(JSON.stringify(big))), big],
    ['as null', call('null'), ''],
    ['as null in text', call('"null"'), '{}'],
    ['as an empty list', call('[]'), '{}'],
    ['as a list, which the tool rejects', call('"[1]"'), '[1]'],
    [
      'as an empty object before the real one',
      call('"{}"') + calls({ index: 0, function: { arguments: '{"a":1}' } }),
      '{"a":1}',
    ],
    ['as an empty object', call('"{}"'), '{}'],
    [
      'in pieces',
      call('""') +
        calls({ index: 0, function: { arguments: '{"a"' } }) +
        calls({ index: 0, function: { arguments: ':1}' } }),
      '{"a":1}',
    ],
    ['not at all', calls({ index: 0, id: 'a', function: { name: 'look' } }), ''],
    ['beside the name, without `function`', calls({ index: 0, id: 'a', name: 'look', arguments: { a: 1 } }), '{"a":1}'],
  ])('%s', async (_, body, expected) => {
    expect(await collect(body + callsEnd)).toMatchObject({ calls: [['a', 'look', expected]], error: null })
  })
})

describe('calls are told apart', () => {
  const whole = (id: string | number | null | undefined, args: string, more: object = {}) => ({
    id,
    function: { name: 'look', arguments: args },
    ...more,
  })
  test.each<[string, string, readonly (readonly string[])[]]>([
    [
      'by index',
      calls(whole('a', '{"n":1}', { index: 0 }), whole('b', '{"n":2}', { index: 1 })),
      [
        ['a', '{"n":1}'],
        ['b', '{"n":2}'],
      ],
    ],
    [
      'by id, if all have index 0',
      calls(whole('a', '{"n":1}', { index: 0 })) + calls(whole('b', '{"n":2}', { index: 0 })),
      [
        ['a', '{"n":1}'],
        ['b', '{"n":2}'],
      ],
    ],
    [
      'without an index',
      calls(whole('a', '{"n":1}'), whole('b', '{"n":2}')),
      [
        ['a', '{"n":1}'],
        ['b', '{"n":2}'],
      ],
    ],
    [
      'without an index and an id',
      calls(whole(null, '{"n":1}'), whole('', '{"n":2}')),
      [
        ['call_1', '{"n":1}'],
        ['call_2', '{"n":2}'],
      ],
    ],
    [
      'with one id for all',
      calls(whole('0', '{"n":1}', { index: 0 }), whole('0', '{"n":2}', { index: 1 })),
      [
        ['0', '{"n":1}'],
        ['0_2', '{"n":2}'],
      ],
    ],
    [
      'with numeric ids',
      calls(whole(1, '{"n":1}', { index: '0' }), whole(2, '{"n":2}', { index: '1' })),
      [
        ['1', '{"n":1}'],
        ['2', '{"n":2}'],
      ],
    ],
    [
      'from pieces with a new id each',
      calls(whole('a', '{"n"', { index: 0 })) +
        calls({ index: 0, id: 'b', function: { name: null, arguments: ':1}' } }),
      [['a', '{"n":1}']],
    ],
    [
      'from pieces that repeat id and name',
      calls(whole('a', '', { index: 0 })) +
        calls(whole('a', '{"n"', { index: 0 })) +
        calls(whole('a', ':1}', { index: 0 })),
      [['a', '{"n":1}']],
    ],
    [
      'from pieces without index and id',
      calls(whole('a', '{"n"')) + calls({ function: { arguments: ':1}' } }),
      [['a', '{"n":1}']],
    ],
    [
      'from interleaved pieces',
      calls(whole('a', '{"n"', { index: 0 }), whole('b', '{"n"', { index: 1 })) +
        calls({ index: 1, function: { arguments: ':2}' } }, { index: 0, function: { arguments: ':1}' } }),
      [
        ['a', '{"n":1}'],
        ['b', '{"n":2}'],
      ],
    ],
    [
      'from `function_call`',
      chunk({ function_call: { name: 'look', arguments: '{"n"' } }) + chunk({ function_call: { arguments: ':1}' } }),
      [['call_1', '{"n":1}']],
    ],
    ['from one that is no list', chunk({ tool_calls: whole('a', '{"n":1}') }), [['a', '{"n":1}']]],
  ])('%s', async (_, body, expected) => {
    const response = await collect(body + callsEnd)
    expect(response.error).toBeNull()
    expect(response.calls.map(([id, , args]) => [id, args])).toEqual(expected)
  })
})

test('a call that never gets a name is named so, and costs no other call', async () => {
  const unnamed = calls({ index: 0, id: 'a', function: { name: '', arguments: '{"n":1}' } })
  const named = calls({ index: 1, id: 'b', function: { name: 'look', arguments: '{}' } })
  expect(await collect(unnamed + named + callsEnd)).toMatchObject({
    calls: [
      ['b', 'look', '{}'],
      ['a', 'unnamed', '{"n":1}'],
    ],
    error: null,
  })
})

describe('usage is read', () => {
  test.each<[string, string]>([
    [
      'in a chunk without choices',
      chunk({}, 'stop') + data({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 2 } }),
    ],
    [
      'in a chunk whose choices are missing',
      chunk({}, 'stop') + data({ usage: { prompt_tokens: 4, completion_tokens: 2 } }),
    ],
    [
      'as digits, beside fields of another type',
      chunk({}, 'stop', {
        usage: {
          prompt_tokens: '4',
          completion_tokens: 2,
          cost: null,
          completion_tokens_details: { reasoning_tokens: 'none' },
        },
      }),
    ],
    ['in x_groq', chunk({}, 'stop', { x_groq: { usage: { prompt_tokens: 4, completion_tokens: 2 } } })],
  ])('%s', async (_, body) => {
    expect(await collect(chunk({ content: 'Hi' }) + body)).toMatchObject({ usage: [4, 2], error: null, skipped: {} })
  })
})

describe('an error is read, after the text before it', () => {
  test.each<[string, string]>([
    ['OpenAI', data({ error: { message: 'Nope', type: 'server_error', code: null } })],
    ['a text', data({ error: 'Nope' })],
    ['vLLM', data({ object: 'error', message: 'Nope', type: 'BadRequestError', code: 400 })],
    ['Anthropic', data({ type: 'error', error: { type: 'overloaded_error', message: 'Nope' } })],
    ['Gemini', data([{ error: { code: 503, message: 'Nope', status: 'UNAVAILABLE' } }])],
    ['AWS, without an envelope', data({ message: 'Nope', code: 429 })],
    ['in a choice', data({ choices: [{ index: 0, delta: {}, finish_reason: 'error', error: { message: 'Nope' } }] })],
    ['as a named event', 'event: error\ndata: Nope\n\n'],
  ])('%s', async (_, body) => {
    const later = await collect(chunk({ content: 'Hi' }), body, stop)
    expect(later.text).toBe('Hi')
    const only = await collect(body)
    for (const { error } of [later, only]) {
      expect(APICallError.isInstance(error) && error.responseBody).toContain('Nope')
    }
  })

  test('beside text in the same chunk, which is kept', async () => {
    const body = data({ choices: [{ delta: { content: 'Hi' } }], error: { message: 'Nope' } })
    expect(await collect(body)).toMatchObject({ text: 'Hi', error: { responseBody: expect.stringContaining('Nope') } })
  })

  test('as a finish reason that means that the answer broke off', async () => {
    const { text, error } = await collect(chunk({ content: 'Hi' }) + chunk({}, 'insufficient_system_resource') + done)
    expect(text).toBe('Hi')
    expect(error).toMatchObject({ responseBody: expect.stringContaining('insufficient_system_resource') })
  })

  test('as something else in place of an answer, in its own words', async () => {
    expect(await collect(data({ detail: 'The worker is gone.' }))).toMatchObject({
      error: { responseBody: expect.stringContaining('The worker is gone.') },
    })
    expect(await collect('upstream connect error')).toMatchObject({ error: { responseBody: 'upstream connect error' } })
  })
})
