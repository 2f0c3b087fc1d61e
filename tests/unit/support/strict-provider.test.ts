import { describe, expect, test } from 'vitest'
import { StrictProvider, type Script } from '../../support/providers/strict-provider.ts'

async function post(provider: StrictProvider, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${provider.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

const user = { role: 'user', content: 'Hi' }
const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }
const asks = { role: 'assistant', content: null, tool_calls: [call] }
const result = { role: 'tool', tool_call_id: 'c1', content: 'seen' }
const ask = (...messages: unknown[]) => ({ model: 'test', messages })

const empty = { type: 'object', properties: {} }
const offering = (...parameters: object[]) => ({
  ...ask(user),
  tools: parameters.map((each) => ({ type: 'function', function: { name: 'look', parameters: each } })),
})

describe('the strict provider accepts', () => {
  test.each([
    ['a question', ask(user)],
    [
      'a whole exchange',
      ask({ role: 'system', content: 'Be kind.' }, user, { role: 'assistant', content: 'Hello' }, user),
    ],
    ['a call and its result', ask(user, asks, result)],
    [
      'two calls and their results in any order',
      ask(
        user,
        { ...asks, tool_calls: [call, { ...call, id: 'c2' }] },
        { ...result, tool_call_id: 'c2' },
        result,
        user,
      ),
    ],
    [
      'parts',
      ask({
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        ],
      }),
    ],
    [
      'tools',
      {
        ...ask(user),
        tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }],
        tool_choice: 'auto',
      },
    ],
  ])('%s', async (_, body) => {
    await using provider = await StrictProvider.start()
    const response = await post(provider, body)
    expect(await response.json()).toMatchObject({ object: 'chat.completion', choices: [{ finish_reason: 'stop' }] })
    expect(response.status).toBe(200)
  })
})

describe('the strict provider refuses', () => {
  const assistant = (more: object) => ask(user, { role: 'assistant', ...more })
  test.each<[string, unknown, string | null]>([
    ['no object', [], null],
    ['an unknown field', { ...ask(user), colour: 'red' }, 'colour'],
    ['an unknown field of a message', ask({ ...user, reasoning_content: 'hm' }), 'messages[0].reasoning_content'],
    ['no messages', ask(), 'messages'],
    ['missing messages', { model: 'test' }, 'messages'],
    ['a wrong role', ask({ role: 'bot', content: 'x' }), 'messages[0].role'],
    ['a user without content', ask({ role: 'user', content: null }), 'messages[0].content'],
    ['a system message that is a number', ask({ role: 'system', content: 7 }), 'messages[0].content'],
    ['empty parts', ask({ role: 'user', content: [] }), 'messages[0].content'],
    ['an assistant that says nothing', assistant({ content: null }), 'messages[1].content'],
    ['an assistant with an empty text', assistant({ content: '' }), 'messages[1].content'],
    ['an empty list of calls', assistant({ content: 'x', tool_calls: [] }), 'messages[1].tool_calls'],
    ['a call without id', assistant({ tool_calls: [{ ...call, id: undefined }] }), 'messages[1].tool_calls[0].id'],
    [
      'a call without type',
      assistant({ tool_calls: [{ ...call, type: undefined }] }),
      'messages[1].tool_calls[0].type',
    ],
    [
      'a call without a name',
      assistant({ tool_calls: [{ ...call, function: { arguments: '' } }] }),
      'messages[1].tool_calls[0].function.name',
    ],
    [
      'arguments that are an object',
      assistant({ tool_calls: [{ ...call, function: { name: 'look', arguments: {} } }] }),
      'messages[1].tool_calls[0].function.arguments',
    ],
    [
      'a name with a blank',
      assistant({ tool_calls: [{ ...call, function: { name: 'look at', arguments: '' } }] }),
      'messages[1].tool_calls[0].function.name',
    ],
    ['a result without a call', ask(user, result), 'messages[1].tool_call_id'],
    ['a result of another call', ask(user, asks, { ...result, tool_call_id: 'c9' }), 'messages[2].tool_call_id'],
    ['a result that comes twice', ask(user, asks, result, result), 'messages[3].tool_call_id'],
    ['a call without a result', ask(user, asks), 'messages'],
    ['something between a call and its result', ask(user, asks, user, result), 'messages[2]'],
    [
      'two calls with one id',
      ask(user, { ...asks, tool_calls: [call, call] }, result, result),
      'messages[1].tool_calls',
    ],
    ['half a surrogate pair', ask({ role: 'user', content: 'a\ud83d' }), 'messages.0.content'],
    ['tool_choice without tools', { ...ask(user), tool_choice: 'auto' }, 'tool_choice'],
    ['parameters without properties', offering({ type: 'object' }), 'tools[0].function.parameters.properties'],
    ['parameters that are no object', offering({ type: 'string' }), 'tools[0].function.parameters.properties'],
    [
      'a choice at the top of the parameters',
      offering({ type: 'object', properties: {}, anyOf: [{ required: ['a'] }] }),
      'tools[0].function.parameters.anyOf',
    ],
    ['two tools of one name', offering(empty, empty), 'tools[1].function.name'],
    [
      'the choice of a tool that is not offered',
      { ...offering(empty), tool_choice: { type: 'function', function: { name: 'go' } } },
      'tool_choice',
    ],
    ['no tools in tools', { ...ask(user), tools: [] }, 'tools'],
    ['stream_options without stream', { ...ask(user), stream_options: { include_usage: true } }, 'stream_options'],
  ])('%s', async (_, body, param) => {
    await using provider = await StrictProvider.start()
    const response = await post(provider, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } })
    expect(provider.rejections).toHaveLength(1)
    expect(provider.requests).toHaveLength(0)
  })

  test('a wrong key, and no key, where it expects one', async () => {
    await using provider = await StrictProvider.start({ apiKey: 'right' })
    expect((await post(provider, ask(user), { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await post(provider, ask(user))).status).toBe(401)
    expect((await post(provider, ask(user), { authorization: 'Bearer right' })).status).toBe(200)
  })

  test('a model that it does not have', async () => {
    await using provider = await StrictProvider.start({ models: ['a', 'b'] })
    expect((await post(provider, { ...ask(user), model: 'c' })).status).toBe(404)
    const list = await fetch(`${provider.baseURL}/models`)
    expect(await list.json()).toMatchObject({ object: 'list', data: [{ id: 'a' }, { id: 'b' }] })
  })
})

describe('a script', () => {
  async function events(script: Script, more: object = {}): Promise<unknown[]> {
    await using provider = await StrictProvider.start()
    provider.enqueue(script)
    const body = await (await post(provider, { ...ask(user), stream: true, ...more })).text()
    return body
      .split('\n\n')
      .filter(Boolean)
      .map((event) => (event === 'data: [DONE]' ? 'DONE' : JSON.parse(event.slice(6))))
  }

  test('is sent in the format of OpenAI', async () => {
    const toolCall = { id: 'c1', name: 'look', arguments: ['{"a', '":1}'] }
    const usage = { usage: { input: 3, output: 2, reasoning: 1 } }
    const sent = await events([{ reasoning: 'hm' }, { text: 'Hi' }, { toolCall }, { finish: 'tool_calls' }, usage])
    expect(sent).toMatchObject([
      { object: 'chat.completion.chunk', choices: [{ delta: { role: 'assistant', reasoning_content: 'hm' } }] },
      { choices: [{ delta: { content: 'Hi' }, finish_reason: null }] },
      { choices: [{ delta: { tool_calls: [{ index: 0, id: 'c1', function: { name: 'look', arguments: '' } }] } }] },
      { choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: '{"a' } }] } }] },
      { choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: '":1}' } }] } }] },
      { choices: [{ delta: {}, finish_reason: 'tool_calls' }] },
      'DONE',
    ])
  })

  test('includes the usage if the request asks for it', async () => {
    const sent = await events([{ text: 'Hi' }, { finish: 'stop' }, { usage: { input: 3, output: 2, cached: 1 } }], {
      stream_options: { include_usage: true },
    })
    expect(sent.at(-2)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1 } },
    })
  })

  test('without a finish step ends without a finish reason', async () => {
    expect(JSON.stringify(await events([{ text: 'Hi' }]))).not.toMatch(/DONE|"finish_reason":"/)
  })

  test('can pause, and reports which side closed the connection', async () => {
    await using provider = await StrictProvider.start()
    provider.enqueue([{ text: 'a' }, { wait: new Promise(() => {}) }])
    provider.enqueue([{ text: 'b' }, { cut: true }])
    const abort = new AbortController()
    const held = await fetch(`${provider.baseURL}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ask(user), stream: true }),
      signal: abort.signal,
    })
    expect(held.status).toBe(200)
    abort.abort()
    expect(await (await provider.waitForRequest(0)).closed).toBe('client')

    const cut = await post(provider, { ...ask(user), stream: true })
    await expect(cut.text()).rejects.toThrow('terminated')
    expect(await (await provider.waitForRequest(1)).closed).toBe('provider')
  })

  test('can answer with a status', async () => {
    await using provider = await StrictProvider.start()
    provider.enqueue([{ status: 429, body: { error: { message: 'Slow down' } } }])
    const response = await post(provider, ask(user))
    expect([response.status, await response.json()]).toEqual([429, { error: { message: 'Slow down' } }])
  })

  test('is created for each request by defaultAnswer, unless one is queued', async () => {
    await using provider = await StrictProvider.start()
    provider.defaultAnswer = ({ body }) => `to ${body.messages.length}`
    provider.enqueue('queued')
    const replies = [await post(provider, ask(user)), await post(provider, ask(user, asks, result))]
    expect(await Promise.all(replies.map((reply) => reply.json()))).toMatchObject([
      { choices: [{ message: { content: 'queued' } }] },
      { choices: [{ message: { content: 'to 3' } }] },
    ])
  })
})
