import { expect, test } from 'vitest'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { firstPage, lastPage, newDb, newReader } from '../../../support/hermes/hermes-fixtures.ts'

function texts(messages: readonly MessageRecord[]): string[] {
  return messages.map(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : part.type)).join('|'))
}

test('messages are ordered by rowid, not by time', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 300, { content: 'one' })
  hermes.addMessage('s', 100, { content: 'two', role: 'assistant' })
  hermes.addMessage('s', 200, { content: 'three', role: 'system' })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(9))).toEqual([
    {
      id: 's:1',
      sessionId: 's',
      position: 1,
      role: 'USER',
      status: 'COMPLETE',
      parts: [{ type: 'text', text: 'one' }],
      createdAt: 300_000,
      streamId: null,
      model: null,
      usage: null,
      withdrawn: false,
    },
    expect.objectContaining({ id: 's:2', position: 2, role: 'ASSISTANT', createdAt: 100_000 }),
    expect.objectContaining({ id: 's:3', position: 3, role: 'SYSTEM', createdAt: 200_000 }),
  ])
})

test('a page is limited by positions, from either end', () => {
  const hermes = newDb()
  hermes.addSession('s')
  for (let i = 1; i <= 9; i++) hermes.addMessage('s', i, { content: `${i}` })
  const { reader } = newReader(hermes.path)
  expect(texts(reader.listMessages('s', firstPage(3)))).toEqual(['1', '2', '3'])
  expect(texts(reader.listMessages('s', firstPage(3, 3)))).toEqual(['4', '5', '6'])
  expect(texts(reader.listMessages('s', lastPage(2)))).toEqual(['8', '9'])
  expect(texts(reader.listMessages('s', lastPage(2, 8)))).toEqual(['6', '7'])
  expect(texts(reader.listMessages('s', { after: 2, before: 6, limit: 9, backwards: false }))).toEqual(['3', '4', '5'])
  expect(reader.listMessages('s', firstPage(0))).toEqual([])
  expect(reader.listMessages('s', lastPage(0))).toEqual([])
  expect(reader.listMessages('nobody', firstPage(5))).toEqual([])
})

test('undone rows, hidden rows and metadata are not shown', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'shown' })
  const undone = hermes.addMessage('s', 2, { content: 'undone', active: 0, compacted: 0 })
  hermes.addMessage('s', 3, { content: 'hidden', display_kind: 'hidden' })
  hermes.addMessage('s', 4, { content: 'metadata', role: 'session_meta' })
  hermes.addMessage('s', 5, { content: 'a note', display_kind: 'async_delegation_complete' })
  const { reader } = newReader(hermes.path)
  expect(texts(reader.listMessages('s', firstPage(9)))).toEqual(['shown', 'a note'])
  expect(reader.countMessages(['s']).get('s')).toBe(2)
  expect(reader.findMessage(`s:${undone}`)).toBeNull()
})

test('a message with an unknown role is one of the assistant', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { role: 'narrator', content: 'Once' })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(1))).toMatchObject([{ role: 'ASSISTANT' }])
})

test.each([
  ['error', 'PARTIAL'],
  ['agent_error', 'PARTIAL'],
  ['content_filter', 'PARTIAL'],
  ['stop', 'COMPLETE'],
  ['length', 'COMPLETE'],
  [null, 'COMPLETE'],
])('an answer with the finish reason %s is %s', (reason, status) => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { role: 'assistant', content: 'Well', finish_reason: reason })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(1))).toMatchObject([{ status }])
})

test('a message is found by its id, in its own session only', () => {
  const hermes = newDb()
  hermes.addSession('with:colons:7')
  hermes.addSession('other')
  const row = hermes.addMessage('with:colons:7', 1, { content: 'here' })
  const { reader } = newReader(hermes.path)
  expect(reader.findMessage(`with:colons:7:${row}`)).toMatchObject({
    id: `with:colons:7:${row}`,
    sessionId: 'with:colons:7',
  })
  for (const id of [
    `other:${row}`,
    `with:colons:7:0${row}`,
    `with:colons:7:${row}.0`,
    'with:colons:7',
    `${row}`,
    '',
    ':',
  ]) {
    expect(reader.findMessage(id)).toBeNull()
  }
})

test('the context contains the active rows of user, assistant and tools', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'archived', active: 0, compacted: 1 })
  hermes.addMessage('s', 2, { content: 'undone', active: 0, compacted: 0 })
  hermes.addMessage('s', 3, { content: 'rules', role: 'system' })
  hermes.addMessage('s', 4, { content: 'question' })
  hermes.addToolCalls('s', 5, ['x'])
  hermes.addToolResult('s', 6, 'x', '"found"')
  hermes.addMessage('s', 7, { content: 'meta', role: 'session_meta' })
  const context = newReader(hermes.path).reader.loadContextMessages('s')
  expect(texts(context)).toEqual(['question', 'tool'])
  expect(context[1]?.parts).toMatchObject([{ call: { state: 'SUCCEEDED', result: 'found' } }])
})

test('a tool result is part of its call', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 10, {
    role: 'assistant',
    content: 'Let me see.',
    reasoning: 'I should look.',
    tool_calls: JSON.stringify([
      { id: 'a', type: 'function', function: { name: 'read', arguments: '{"path": "x"}' } },
      { id: 'b', type: 'function', function: { name: 'list', arguments: { deep: true } } },
    ]),
  })
  hermes.addToolResult('s', 11, 'a', '{"lines": 3}')
  const call = { argumentsWhole: true, error: null, startedAt: 10_000 }
  expect(
    newReader(hermes.path)
      .reader.listMessages('s', firstPage(9))
      .map(({ parts }) => parts),
  ).toEqual([
    [
      { type: 'reasoning', text: 'I should look.' },
      { type: 'text', text: 'Let me see.' },
      {
        type: 'tool',
        call: {
          ...call,
          id: 's:1:0',
          providerId: 'a',
          name: 'read',
          argumentsText: '{"path": "x"}',
          state: 'SUCCEEDED',
          result: { lines: 3 },
          finishedAt: 11_000,
        },
      },
      {
        type: 'tool',
        call: {
          ...call,
          id: 's:1:1',
          providerId: 'b',
          name: 'list',
          argumentsText: '{"deep":true}',
          state: 'OUTCOME_UNKNOWN',
          result: null,
          finishedAt: null,
        },
      },
    ],
  ])
})

test('of calls with the same id, each gets the result that follows it', () => {
  const hermes = newDb()
  hermes.addSession('s')
  for (const [turn, time] of [
    ['first', 0],
    ['second', 1],
  ] as const) {
    hermes.addToolCalls('s', time, ['call_0', 'call_1'])
    hermes.addToolResult('s', 2, 'call_1', `${turn} one`)
    hermes.addToolResult('s', 2, 'call_0', `${turn} zero`)
  }
  hermes.addToolCalls('s', 3, ['call_0'])
  hermes.addToolCalls('s', 4, ['call_0', 'call_0'])
  hermes.addToolResult('s', 5, 'call_0', 'twice, one')
  hermes.addToolResult('s', 5, 'call_0', 'twice, two')
  const { reader } = newReader(hermes.path)
  const results = reader
    .listMessages('s', firstPage(9))
    .map(({ parts }) => parts.map((part) => (part.type === 'tool' ? part.call.result : part.type)))
  expect(results).toEqual([
    ['first zero', 'first one'],
    ['second zero', 'second one'],
    [null],
    ['twice, one', 'twice, two'],
  ])
  expect(reader.countMessages(['s']).get('s')).toBe(4)
})

test('a result without a call is a message of its own', () => {
  const hermes = newDb()
  hermes.addSession('s')
  const row = hermes.addToolResult('s', 2, 'gone', 'an answer to nothing')
  hermes.addToolCalls('s', 3, ['gone'])
  const { reader } = newReader(hermes.path)
  const messages = reader.listMessages('s', firstPage(9))
  expect(messages).toHaveLength(2)
  expect(messages[0]).toMatchObject({
    id: `s:${row}`,
    role: 'ASSISTANT',
    parts: [
      {
        type: 'tool',
        call: {
          id: `s:${row}:0`,
          providerId: 'gone',
          name: 'look',
          state: 'SUCCEEDED',
          result: 'an answer to nothing',
        },
      },
    ],
  })
  expect(messages[1]).toMatchObject({ parts: [{ call: { state: 'OUTCOME_UNKNOWN' } }] })
})

test.each(['not JSON', '{"id": "a"}', '[1, null, "x"]', '7'])('tool_calls of %s contain no call', (toolCalls) => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { role: 'assistant', content: 'Hm', tool_calls: toolCalls })
  expect(texts(newReader(hermes.path).reader.listMessages('s', firstPage(1)))).toEqual(['Hm'])
})

test('a content with parts becomes texts and files', () => {
  const hermes = newDb()
  hermes.addSession('s')
  const parts = [
    { type: 'text', text: 'Look: ' },
    { type: 'image_url', image_url: { url: 'https://example.org/a.JPG?size=1' } },
    { type: 'input_text', text: 'and' },
    { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
    { type: 'image_url', image_url: { url: 'https://example.org/picture' } },
    { type: 'image_url', image_url: { url: '/home/me/a.png' } },
    { type: 'output_text', text: 'there' },
    { type: 'refusal', text: 'no' },
    { type: 'thing', data: 1 },
    'bare',
    7,
  ]
  hermes.addMessage('s', 1, { content: `\0json:${JSON.stringify(parts)}` })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(1))[0]?.parts).toEqual([
    { type: 'text', text: 'Look: ' },
    { type: 'file', mediaType: 'image/jpeg', name: null, url: 'https://example.org/a.JPG?size=1' },
    { type: 'text', text: 'and' },
    { type: 'file', mediaType: 'image/png', name: null, url: 'data:image/png;base64,AAAA' },
    { type: 'file', mediaType: 'image/*', name: null, url: 'https://example.org/picture' },
    { type: 'text', text: '/home/me/a.png' },
    { type: 'text', text: 'there' },
    { type: 'text', text: 'no' },
    { type: 'text', text: 'bare' },
  ])
})

test.each([
  ['JSON without the prefix', '[{"type": "text", "text": "x"}]'],
  ['a prefix without JSON', '\0json:{"type'],
  ['a NUL without the prefix', 'a\0b'],
  ['JSON that is nested too deep', `\0json:${'['.repeat(50_000)}${']'.repeat(50_000)}`],
])('%s is text', (_, content) => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content })
  expect(texts(newReader(hermes.path).reader.listMessages('s', firstPage(1)))).toEqual([content])
})

test('a lone surrogate, escaped in JSON, becomes the replacement character', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: String.raw`${'\0'}json:{"type":"text","text":"a\ud83d"}` })
  hermes.addToolCalls('s', 2, ['x'])
  hermes.addToolResult('s', 3, 'x', String.raw`{"k\ud800":["\udc00"]}`)
  const messages = newReader(hermes.path).reader.listMessages('s', firstPage(9))
  expect(messages[0]?.parts).toEqual([{ type: 'text', text: 'a\ufffd' }])
  expect(messages[1]?.parts).toMatchObject([{ call: { result: { 'k\ufffd': ['\ufffd'] } } }])
})

test('an empty content is replaced by the Codex items, and reasoning alone is an answer', () => {
  const hermes = newDb()
  hermes.addSession('s')
  const items = [{ type: 'message', content: [{ type: 'output_text', text: 'from ' }, { type: 'x' }] }, { id: 1 }]
  const codex = JSON.stringify([...items, { content: [{ type: 'output_text', text: 'Codex' }] }])
  hermes.addMessage('s', 1, { role: 'assistant', content: '', codex_message_items: codex })
  hermes.addMessage('s', 2, { role: 'assistant', content: 'shown', codex_message_items: codex })
  hermes.addMessage('s', 3, { role: 'assistant', content: null, reasoning: 'one', reasoning_content: 'two' })
  hermes.addMessage('s', 4, { role: 'assistant', content: null, reasoning: 'one', reasoning_content: '' })
  hermes.addMessage('s', 5, { role: 'user', content: 'q', reasoning: 'not mine' })
  hermes.addMessage('s', 6, { role: 'assistant', content: null, codex_message_items: 'broken [' })
  expect(
    newReader(hermes.path)
      .reader.listMessages('s', firstPage(9))
      .map(({ parts }) => parts),
  ).toEqual([
    [{ type: 'text', text: 'from Codex' }],
    [{ type: 'text', text: 'shown' }],
    [{ type: 'reasoning', text: 'two' }],
    [{ type: 'reasoning', text: 'one' }],
    [{ type: 'text', text: 'q' }],
    [],
  ])
})

test('a content of another type is empty', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: Buffer.from('bytes') })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(9))).toMatchObject([{ parts: [] }])
})
