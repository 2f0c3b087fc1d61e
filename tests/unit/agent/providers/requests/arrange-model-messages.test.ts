import type { ModelMessage } from 'ai'
import { describe, expect, test } from 'vitest'
import { arrangeModelMessages } from '../../../../../src/agent/providers/requests/arrange-model-messages.ts'

const strict = { startsWithUser: true, alternates: true, system: 'first' } as const
const lenient = { startsWithUser: false, alternates: false, system: 'anywhere' } as const

const text = (of: string) => ({ type: 'text', text: of }) as const
const user = (of: string): ModelMessage => ({ role: 'user', content: [text(of)] })
const assistant = (of: string): ModelMessage => ({ role: 'assistant', content: [text(of)] })
const system = (of: string): ModelMessage => ({ role: 'system', content: of })
const file = { type: 'file', data: 'data:image/png;base64,AA==', mediaType: 'image/png' } as const
const toolIdentity = { toolCallId: 'a', toolName: 'look' } as const
const call: ModelMessage = { role: 'assistant', content: [{ type: 'tool-call', ...toolIdentity, input: {} }] }
const result: ModelMessage = {
  role: 'tool',
  content: [{ type: 'tool-result', ...toolIdentity, output: { type: 'text', value: 'seen' } }],
}

describe.each([
  ['strict', strict],
  ['lenient', lenient],
])('neighbours of one role, for a provider that is %s,', (_, roles) => {
  test('are one message, and their texts are one', () => {
    expect(arrangeModelMessages([user('a'), user('b'), assistant('c'), assistant('d'), user('e')], roles)).toEqual([
      user('a\n\nb'),
      assistant('c\n\nd'),
      user('e'),
    ])
    expect(arrangeModelMessages([system('a'), system('b'), user('c')], roles)).toEqual([system('a\n\nb'), user('c')])
  })

  test('keep their files in order', () => {
    const picture: ModelMessage = { role: 'user', content: [text('a'), file] }
    expect(arrangeModelMessages([picture, { role: 'user', content: 'b' }, user('c')], roles)).toEqual([
      { role: 'user', content: [text('a'), file, text('b\n\nc')] },
    ])
  })

  test('keep what the provider wants back', () => {
    const messages: ModelMessage[] = [
      user('a'),
      { role: 'assistant', content: [text('b')], providerOptions: { openaiCompatible: { one: '1' } } },
      { role: 'assistant', content: [text('c')], providerOptions: { openaiCompatible: { two: '2' } } },
    ]
    expect(arrangeModelMessages(messages, roles)[1]).toEqual({
      ...assistant('b\n\nc'),
      providerOptions: { openaiCompatible: { one: '1', two: '2' } },
    })
  })

  test('are not joined over the results that a call waits for', () => {
    const messages = [user('a'), call, result, call, result, assistant('b')]
    expect(arrangeModelMessages(messages, roles)).toEqual(messages)
  })
})

describe('a provider that demands an order', () => {
  test('gets the user’s message first', () => {
    const [first, ...rest] = arrangeModelMessages([system('s'), assistant('Good morning.'), user('a')], strict)
    expect([first, ...rest.slice(1)]).toEqual([system('s'), assistant('Good morning.'), user('a')])
    expect(rest[0]).toMatchObject({ role: 'user', content: [{ text: expect.stringMatching(/./) }] })
  })

  test('gets an answer between the results of tools and the user’s next message', () => {
    const arranged = arrangeModelMessages([user('a'), call, result, user('b')], strict)
    expect(arranged.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user'])
  })

  test('gets system messages first', () => {
    expect(arrangeModelMessages([user('a'), system('s'), assistant('b'), system('t')], strict)).toEqual([
      system('s\n\nt'),
      user('a'),
      assistant('b'),
    ])
  })

  test('gets the same if the messages are arranged again', () => {
    const once = arrangeModelMessages([assistant('a'), call, result, user('b'), system('s'), user('c')], strict)
    expect(arrangeModelMessages(once, strict)).toEqual(once)
  })
})

test('any other provider gets the messages in their order', () => {
  const messages = [assistant('a'), user('b'), system('s'), call, result, user('c')]
  expect(arrangeModelMessages(messages, lenient)).toEqual(messages)
  expect(arrangeModelMessages([], strict)).toEqual([])
})
