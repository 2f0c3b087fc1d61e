import { APICallError } from 'ai'
import { describe, expect, test, vi } from 'vitest'
import {
  type CollectedResponse,
  collectResponse,
  type ResponsePieces,
} from '../../../../support/providers/collect-response.ts'

const event = (value: { readonly type?: string } & Record<string, unknown>): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
const begin = (usage: object | null = { input_tokens: 4, output_tokens: 1 }): string =>
  event({
    type: 'message_start',
    message: { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], ...(usage && { usage }) },
  })
const open = (block: object, index: unknown = 0): string =>
  event({ type: 'content_block_start', index, content_block: block })
const delta = (value: object, index: unknown = 0): string => event({ type: 'content_block_delta', index, delta: value })
const close = (index: unknown = 0): string => event({ type: 'content_block_stop', index })
const over = (reason = 'end_turn'): string =>
  event({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens: 2 } }) +
  event({ type: 'message_stop' })
const text = (value: string, index = 0): string =>
  open({ type: 'text', text: '' }, index) + delta({ type: 'text_delta', text: value }, index) + close(index)

const collect = (...pieces: ResponsePieces): Promise<CollectedResponse> => collectResponse('anthropic-messages', pieces)

describe('text and thinking are read', () => {
  test.each<[string, string, Partial<CollectedResponse>]>([
    ['without usage', begin(null) + text('Hi') + over(), { text: 'Hi', usage: [0, 2] }],
    [
      'with usage that is null or text',
      begin({ input_tokens: null, output_tokens: 'x' }) + text('Hi') + over(),
      { text: 'Hi' },
    ],
    [
      'with usage that only comes at the end',
      begin(null) +
        text('Hi') +
        event({
          type: 'message_delta',
          delta: { stop_reason: 'end_turn' },
          usage: { input_tokens: 9, output_tokens: 2 },
        }),
      { text: 'Hi', usage: [9, 2] },
    ],
    [
      'from the start of a block',
      begin() + open({ type: 'text', text: 'H' }) + delta({ type: 'text_delta', text: 'i' }) + close() + over(),
      { text: 'Hi' },
    ],
    ['without a start of the message', text('Hi') + over(), { text: 'Hi' }],
    ['without a start of the block', begin() + delta({ type: 'text_delta', text: 'Hi' }) + over(), { text: 'Hi' }],
    ['without an end of the block', begin() + open({ type: 'text', text: 'Hi' }) + over(), { text: 'Hi' }],
    [
      'without an index',
      begin() + open({ type: 'text' }, null) + delta({ type: 'text_delta', text: 'Hi' }, undefined) + over(),
      { text: 'Hi' },
    ],
    [
      'with an index that is text',
      begin() + open({ type: 'text', text: '' }, '0') + delta({ type: 'text_delta', text: 'Hi' }, '0') + over(),
      { text: 'Hi' },
    ],
    [
      'from a delta of an unknown type',
      begin() + open({ type: 'text', text: '' }) + delta({ type: 'new_delta', text: 'Hi' }) + over(),
      { text: 'Hi' },
    ],
    [
      'from a block of an unknown type',
      begin() + open({ type: 'new_block', text: 'Hi' }) + close() + over(),
      { text: 'Hi' },
    ],
    [
      'from a thought at the start of a block',
      begin() + open({ type: 'thinking', thinking: 'Hm', signature: 's' }) + close() + text('Hi', 1) + over(),
      { reasoning: 'Hm', text: 'Hi' },
    ],
    [
      'from a delta of another kind than its block',
      begin() +
        open({ type: 'text', text: '' }) +
        delta({ type: 'thinking_delta', thinking: 'Hm' }) +
        delta({ type: 'text_delta', text: 'Hi' }) +
        close() +
        over(),
      { reasoning: 'Hm', text: 'Hi' },
    ],
    ['from blocks that all have index 0', begin() + text('H') + text('i') + over(), { text: 'Hi' }],
    [
      'from a whole message',
      JSON.stringify({
        id: 'm',
        type: 'message',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 's' },
          { type: 'text', text: 'Hi' },
        ],
        stop_reason: 'end_turn',
        usage: { input_tokens: 4, output_tokens: 2 },
      }),
      { reasoning: 'Hm', text: 'Hi', usage: [4, 2] },
    ],
    [
      'from events whose type is only their name',
      begin() + `event: content_block_delta\ndata: {"index":0,"delta":{"text":"Hi"}}\n\n` + over(),
      { text: 'Hi' },
    ],
  ])('%s', async (_, body, expected) => {
    expect(await collect(body)).toMatchObject({ ...expected, error: null, finish: 'end_turn' })
  })

  test('what cannot be read is skipped, and counted by its kind', async () => {
    const response = await collect(
      begin() + event({ type: 'ping' }) + event({ type: 'gateway_info', region: 'eu' }),
      open({ type: 'server_tool_use', id: 's', name: 'search', input: {} }) + close(),
      text('Hi', 1) +
        delta({ type: 'citations_delta', citation: {} }, 1) +
        delta({ type: 'input_json_delta', partial_json: '{}' }, 1),
      over(),
    )
    expect(response).toMatchObject({ text: 'Hi', error: null })
    expect(response.skipped).toEqual({
      'event gateway_info': 1,
      'content block server_tool_use': 1,
      'delta citations_delta': 1,
      'arguments without a call': 1,
    })
  })
})

describe('the input of a call is read', () => {
  const use = (more: string): string =>
    `data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"look"${more}}}\n\n`
  const piece = (json: unknown): string => delta({ type: 'input_json_delta', partial_json: json })
  const big = '{"id":12345678901234567890}'
  test.each([
    ['in pieces', use(',"input":{}') + piece('{"a"') + piece(':1}') + close(), '{"a":1}'],
    ['from the start of the block', use(',"input":{"a":1}') + close(), '{"a":1}'],
    ['from the start of the block, with all digits', use(`,"input":${big}`) + close(), big],
    ['from the start of the block, without an end of it', use(',"input":{"a":1}'), '{"a":1}'],
    ['from its pieces, if it is in the start as well', use(',"input":{"a":1}') + piece('{"a":2}') + close(), '{"a":2}'],
    ['as JSON text in the start', use(',"input":"{\\"a\\":1}"') + close(), '{"a":1}'],
    ['as JSON in JSON', use('') + piece(JSON.stringify('{"a":1}')) + close(), '{"a":1}'],
    ['as an object in a piece', use('') + piece({ a: 1 }) + close(), '{"a":1}'],
    ['as null', use(',"input":null') + piece('null') + close(), '{}'],
    ['not at all', use('') + close(), ''],
  ])('%s', async (_, body, expected) => {
    const response = await collect(begin() + body + over('tool_use'))
    expect(response).toMatchObject({ calls: [['a', 'look', expected]], finish: 'tool_use', error: null })
  })

  test('with an id of its own, if the server repeats or omits it', async () => {
    const call = (index: number, id: unknown): string =>
      open({ type: 'tool_use', id, name: 'look', input: {} }, index) + close(index)
    const response = await collect(begin() + call(0, 7) + call(1, 7) + call(2, null) + over('tool_use'))
    expect(response.calls.map(([id]) => id)).toEqual(['7', '7_2', 'call_3'])
  })
})

describe('the end of an answer', () => {
  test.each<[string, ResponsePieces, string]>([
    [
      'is a stop reason alone',
      [begin() + text('Hi') + event({ type: 'message_delta', delta: { stop_reason: 'max_tokens' } })],
      'max_tokens',
    ],
    ['is message_stop alone', [begin() + text('Hi') + event({ type: 'message_stop' })], 'end_turn'],
    ['is [DONE] alone', [`${begin()}${text('Hi')}data: [DONE]\n\n`], 'end_turn'],
    ['is a stop reason before the connection breaks', [begin() + text('Hi') + over(), new Error('broken')], 'end_turn'],
  ])('%s', async (_, pieces, finish) => {
    expect(await collect(...pieces)).toMatchObject({ text: 'Hi', finish, error: null })
  })

  test('ends it even if the connection stays open', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const response = collect(begin() + text('Hi') + over(), event({ type: 'ping' }), null)
      await vi.advanceTimersByTimeAsync(3000)
      expect(await response).toMatchObject({ text: 'Hi', finish: 'end_turn', error: null })
    } finally {
      vi.useRealTimers()
    }
  })

  test('is whole calls before the connection closes', async () => {
    const call = open({ type: 'tool_use', id: 'a', name: 'look', input: { a: 1 } })
    expect(await collect(begin() + call + close())).toMatchObject({
      calls: [['a', 'look', '{"a":1}']],
      finish: 'tool_use',
      error: null,
    })
    expect(await collect(begin() + call)).toMatchObject({ error: { code: 'PROVIDER' } })
  })

  test('is missing if the connection just closes: the text is kept, and the answer fails', async () => {
    expect(await collect(begin() + text('Hi'))).toMatchObject({ text: 'Hi', error: { code: 'PROVIDER' } })
  })
})

test.each<[string, string]>([
  ['Anthropic', event({ type: 'error', error: { type: 'overloaded_error', message: 'Nope' } })],
  ['OpenAI', `data: ${JSON.stringify({ error: { message: 'Nope', code: 429 } })}\n\n`],
  ['FastAPI, as a named event', 'event: error\ndata: {"detail":"Nope"}\n\n'],
])('an error is read, after the text before it: %s', async (_, body) => {
  const later = await collect(begin(), text('Hi'), body, over())
  expect(later.text).toBe('Hi')
  for (const { error } of [later, await collect(body)]) {
    expect(APICallError.isInstance(error) && error.responseBody).toContain('Nope')
  }
})
