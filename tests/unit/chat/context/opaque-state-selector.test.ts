import { describe, expect, test } from 'vitest'
import { type Dialect, defaultDialect } from '../../../../src/agent/providers/dialect.ts'
import { anthropicDialect } from '../../../../src/agent/providers/dialects/anthropic.ts'
import { deepSeekDialect } from '../../../../src/agent/providers/dialects/deepseek.ts'
import { geminiDialect } from '../../../../src/agent/providers/dialects/gemini.ts'
import { mistralDialect } from '../../../../src/agent/providers/dialects/mistral.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import type { Json } from '../../../../src/lib/text/json.ts'
import type { MessagePart, MessageRecord, MessageStatus, OpaqueProviderState } from '../../../../src/model/message.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'
import { modelMessagesToJson } from '../../../../src/schema/session/model-messages-to-json.ts'
import { newStream, newUserMessage } from '../../../support/fixtures/generators.ts'

const reasoning = (text: string, providerState?: OpaqueProviderState): MessagePart => ({
  type: 'reasoning',
  text,
  ...(providerState && { providerState }),
})
const toolPart = (providerState?: OpaqueProviderState): MessagePart => ({
  type: 'tool',
  call: {
    ...createToolCall('call', 'look'),
    argumentsText: '{}',
    argumentsWhole: true,
    state: 'SUCCEEDED',
    result: 'seen',
  },
  ...(providerState && { providerState }),
})

const question = newUserMessage(newStream())
const answer = (status: MessageStatus, ...parts: MessagePart[]): MessageRecord => ({
  ...question,
  id: 'answer',
  role: 'ASSISTANT',
  position: 3,
  status,
  parts,
  model: 'p/m',
})
const next: MessageRecord = { ...question, id: 'next', position: 4 }

/** The assistant's messages that a model is sent, with what its provider gets back. */
function send(messages: readonly MessageRecord[], dialect: Dialect, id = 'p/m'): unknown[] {
  const sent = toModelMessages([question, ...messages], { target: { id, dialect } })
  return sent.filter(({ role }) => role === 'assistant')
}

const fields = (value: { [key: string]: Json }) => ({ openaiCompatible: value })
const thoughtful = (status: MessageStatus): MessageRecord =>
  answer(
    status,
    reasoning('I need ', { textField: 'reasoning' }),
    reasoning('it.', { textField: 'reasoning' }),
    toolPart(),
  )

describe('the reasoning of a step', () => {
  test('goes back in its field while the turn goes on, and not later', () => {
    expect(send([thoughtful('STREAMING')], defaultDialect)).toMatchObject([
      { content: [{ type: 'tool-call' }], providerOptions: fields({ reasoning: 'I need it.' }) },
    ])
    const [later] = send([thoughtful('COMPLETE'), next], defaultDialect)
    expect(later).not.toHaveProperty('providerOptions')
  })

  test('goes back to its own model only', () => {
    expect(send([thoughtful('STREAMING')], defaultDialect, 'p/other')[0]).not.toHaveProperty('providerOptions')
    expect(send([thoughtful('STREAMING')], defaultDialect, 'other/m')[0]).not.toHaveProperty('providerOptions')
  })

  test('goes back later to a model that requires it, whoever serves it, in every message that calls tools', () => {
    const kimi = (message: MessageRecord): MessageRecord => ({ ...message, model: 'gateway/kimi-k2' })
    const withoutThoughts = kimi({ ...answer('COMPLETE', toolPart()), id: 'second', position: 5 })
    const sent = send(
      [thoughtful('COMPLETE'), next, withoutThoughts, next].map(kimi),
      defaultDialect,
      'gateway/kimi-k2',
    )
    expect(sent).toMatchObject([
      { providerOptions: fields({ reasoning: 'I need it.' }) },
      // The results of a tool are followed by an answer.
      { content: [{ text: '…' }] },
      { providerOptions: fields({ reasoning: '' }) },
      { content: [{ text: '…' }] },
    ])
  })

  test('is empty where a provider demands a field that the model did not fill', () => {
    expect(send([answer('COMPLETE', toolPart()), next], deepSeekDialect)[0]).toMatchObject({
      providerOptions: fields({ reasoning_content: '' }),
    })
    const plain = answer('COMPLETE', { type: 'text', text: 'Hi' })
    expect(send([plain, next], deepSeekDialect)[0]).not.toHaveProperty('providerOptions')
  })

  test('that came in no field of its own, was interrupted, or is of an unknown form is left out', () => {
    const inline = answer('STREAMING', reasoning('Hm.'), toolPart())
    expect(send([inline], defaultDialect)).toMatchObject([{ content: [{ type: 'tool-call' }] }])
    expect(JSON.stringify(send([inline], defaultDialect))).not.toContain('Hm.')
    expect(send([answer('PARTIAL', reasoning('Hm.', { textField: 'reasoning' })), next], deepSeekDialect)).toEqual([
      expect.objectContaining({ content: [{ type: 'text', text: '[No answer.]' }] }),
    ])
    const unknown = answer('STREAMING', reasoning('Hm.', { textField: 7 }), toolPart({ options: 'x' }))
    expect(send([unknown], defaultDialect)[0]).not.toHaveProperty('providerOptions')
  })
})

describe('the state of a step', () => {
  const signed = { anthropic: { signature: 'sig' } }
  const redacted = { anthropic: { redactedData: 'xyz' } }

  test('stands at its places: signed thoughts, those without text, and those of calls', () => {
    const thinking = answer(
      'STREAMING',
      reasoning('I need it.', { options: signed }),
      { type: 'text', text: 'Let me see.', providerState: { before: [redacted] } },
      toolPart(),
    )
    expect(send([thinking], anthropicDialect)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'I need it.', providerOptions: signed },
          { type: 'reasoning', text: '', providerOptions: redacted },
          { type: 'text', text: 'Let me see.' },
          expect.objectContaining({ type: 'tool-call' }),
        ],
      },
    ])
  })

  test('of the message takes the place of its reasoning', () => {
    const details = { reasoning_details: [{ type: 'reasoning.encrypted', data: 'abc' }] }
    const thinking = answer('STREAMING', reasoning('Hm.', { textField: 'reasoning' }), toolPart({ message: details }))
    expect(send([thinking], defaultDialect)).toMatchObject([{ providerOptions: fields(details) }])
  })

  test('of a call goes back to Gemini with every later request', () => {
    const options = fields({ extra_content: { google: { thought_signature: 'sig' } } })
    expect(send([answer('COMPLETE', toolPart({ options })), next], geminiDialect)[0]).toMatchObject({
      content: [{ type: 'tool-call', providerOptions: options }],
    })
  })

  test('is omitted from what people see', () => {
    const thinking = answer(
      'STREAMING',
      reasoning('I need it.', { options: signed }),
      toolPart({ options: fields({ a: 1 }) }),
    )
    const sent = toModelMessages([question, thinking], { target: { id: 'p/m', dialect: anthropicDialect } })
    const omitted = { omitted: 'provider state' }
    expect([...modelMessagesToJson(sent)]).toMatchObject([
      { role: 'user' },
      {
        content: [
          { type: 'reasoning', text: 'I need it.', providerOptions: omitted },
          { type: 'tool-call', providerOptions: omitted },
        ],
      },
      { role: 'tool' },
    ])
    expect(JSON.stringify([...modelMessagesToJson(sent)])).not.toContain('sig')
  })
})

test('ids of calls have the form that the provider demands, and each result names its call', () => {
  const [, assistant, tool] = toModelMessages([question, answer('STREAMING', toolPart(), toolPart())], {
    target: { id: 'p/m', dialect: mistralDialect },
  })
  const idsOf = (message: unknown): string[] => JSON.stringify(message).match(/(?<="toolCallId":")[^"]*/g) ?? []
  expect(idsOf(assistant)).toEqual([
    expect.stringMatching(/^[A-Za-z0-9]{9}$/),
    expect.stringMatching(/^[A-Za-z0-9]{9}$/),
  ])
  expect(new Set(idsOf(assistant)).size).toBe(2)
  expect(idsOf(tool)).toEqual(idsOf(assistant))
})
