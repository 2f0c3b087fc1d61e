import type { ModelMessage } from 'ai'
import { expect, test } from 'vitest'
import { createAnthropicTextShapingFetch } from '../../../../../src/agent/providers/requests/anthropic-text-shape.ts'
import { anthropicServer } from '../../../../support/providers/dialects/anthropic.ts'
import { askDialectServer } from '../../../../support/providers/dialects/ask-dialect-server.ts'

const finished = (): string => {
  const writer = anthropicServer.newResponse()
  return writer.start() + writer.text('Hello.') + writer.finish('end_turn') + writer.end()
}

/** What is sent for a history. */
async function readRequest(history: readonly ModelMessage[]) {
  const answer = await askDialectServer(anthropicServer, [finished()], { loadHistory: async () => history })
  expect(answer).toMatchObject({ error: null, text: 'Hello.' })
  return answer.requests[0]
}

/** The body that is sent in place of another one. */
async function shape(body: string): Promise<unknown> {
  const sent: unknown[] = []
  const fetch = createAnthropicTextShapingFetch(async (_input, init) => {
    sent.push(init?.body)
    return new Response()
  })
  await fetch('http://127.0.0.1/v1/messages', { method: 'POST', body })
  return sent[0]
}

test('a system prompt and messages that are one text are sent as strings, as some gateways take no lists', async () => {
  const request = await readRequest([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] },
    { role: 'user', content: 'Bye' },
  ])
  expect(request).toMatchObject({
    system: 'Be brief.',
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Bye' },
    ],
  })
})

test('a message with anything beside one text stays a list', async () => {
  const image = new Uint8Array([137, 80, 78, 71])
  const request = await readRequest([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'See' },
        { type: 'file', data: image, mediaType: 'image/png' },
      ],
    },
    { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 't', input: {} }] },
    {
      role: 'tool',
      content: [{ type: 'tool-result', toolCallId: 'c', toolName: 't', output: { type: 'text', value: 'x' } }],
    },
  ])
  expect(request).toMatchObject({
    messages: [
      { content: [{ type: 'text', text: 'See' }, { type: 'image' }] },
      { content: [{ type: 'tool_use' }] },
      { content: [{ type: 'tool_result' }] },
    ],
  })
})

test('a text with further keys, several texts, and exact numbers are sent as they are', async () => {
  const body = `{"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],"messages":[${[
    '{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}',
    '{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"t","input":{"n":12345678901234567890}}]}',
  ].join()}]}`
  expect(await shape(body)).toBe(body)
})

test.each(['not JSON', '[]', '{"messages":1}'])('the body %j is sent as it is', async (body) => {
  expect(await shape(body)).toBe(body)
})
