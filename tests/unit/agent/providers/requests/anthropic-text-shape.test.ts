import { expect, test } from 'vitest'
import { createAnthropicTextShapingFetch } from '../../../../../src/agent/providers/requests/anthropic-text-shape.ts'

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

const text = (value: string) => [{ type: 'text', text: value }]

test('a system prompt and messages that are one text are sent as strings', async () => {
  const body = {
    system: text('Be brief.'),
    messages: [
      { role: 'user', content: text('Hi') },
      { role: 'assistant', content: text('Hello.') },
      { role: 'user', content: 'Bye' },
    ],
  }
  expect(await shape(JSON.stringify(body))).toBe(
    JSON.stringify({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello.' },
        { role: 'user', content: 'Bye' },
      ],
    }),
  )
})

test('a message with anything beside one text stays a list', async () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw==' } }
  const body = JSON.stringify({
    messages: [
      { role: 'user', content: [...text('See'), image] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 't', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'x' }] },
    ],
  })
  expect(await shape(body)).toBe(body)
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
