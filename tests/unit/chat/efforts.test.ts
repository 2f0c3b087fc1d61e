import { rmSync } from 'node:fs'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Provider } from '../../../src/config/profile/provider.ts'
import { ChatClient, type ChatInput } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { type TestSegue, newHome, startTestSegue } from '../../support/server/segue.ts'
import { ask as askForData } from '../../support/server/graphql-request.ts'
import { startHttpServer, type TestHttpServer } from '../../support/server/small-server.ts'

const requestSchema = z.looseObject({ model: z.string(), messages: z.array(z.unknown()) })
type ProviderRequest = z.output<typeof requestSchema>

const chunks = (...data: readonly object[]) => data.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')
const chatAnswer = `${chunks({ choices: [{ delta: { content: 'Fine.' }, finish_reason: 'stop' }] })}data: [DONE]\n\n`
const anthropicAnswer = chunks(
  { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, output_tokens: 0 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Fine.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
)

let home: string
let server: TestHttpServer
let segue: TestSegue
let client: ChatClient
let requests: ProviderRequest[]
/** What the provider refuses a request with; null if it answers. */
let judge: (request: ProviderRequest) => { readonly status: number; readonly message: string } | null
/** What the list of models has beside their names. */
let listed: Readonly<Record<string, object>>

async function startSegue(provider: Partial<Provider> = {}): Promise<void> {
  const configured = newProvider({ name: 'my-p', baseURL: `${server.url}/v1`, apiKey: 'k', ...provider })
  segue = await startTestSegue({ settings: { home, providers: [configured] } })
  client = new ChatClient(segue.url)
}

async function stopSegue(): Promise<void> {
  await client[Symbol.asyncDispose]()
  await segue.close()
}

beforeEach(async () => {
  home = newHome()
  requests = []
  judge = () => null
  listed = {}
  server = await startHttpServer((request, response) => {
    void readText(request).then((body) => {
      const json = { 'content-type': 'application/json' }
      if (request.method === 'GET') {
        const data = Object.entries(listed).map(([id, fields]) => Object.assign({ id }, fields))
        return response.writeHead(200, json).end(JSON.stringify({ data }))
      }
      const parsed = requestSchema.parse(JSON.parse(body))
      requests.push(parsed)
      const refusal = judge(parsed)
      if (refusal)
        return response.writeHead(refusal.status, json).end(JSON.stringify({ error: { message: refusal.message } }))
      return response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(request.url?.endsWith('/messages') ? anthropicAnswer : chatAnswer)
    })
  })
})

afterEach(async () => {
  await stopSegue()
  await server[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

type Input = Pick<ChatInput, 'sessionId' | 'model' | 'effort'>

/** Sends a message and waits for the end of the answer. Returns the newest request. */
async function ask(input: Input = {}) {
  const { id, session, effort } = await client.start({ text: 'Hello', ...input })
  await new EventReader(client.followStream(id, 0)).readUntilType('StreamFinished')
  expect((await client.stream(id)).error).toBeNull()
  return { request: requests.at(-1), sessionId: session.id, effort }
}

async function listEfforts(): Promise<Record<string, readonly string[]>> {
  const schema = z.object({ models: z.array(z.object({ name: z.string(), efforts: z.array(z.string()) })) })
  const { models } = await askForData(segue.url, schema, { query: '{ models { name efforts } }' })
  return Object.fromEntries(models.map(({ name, efforts }) => [name, efforts]))
}

describe('An effort', () => {
  test('is what each server calls it, and nothing is sent without one', async () => {
    await startSegue({ models: ['m'] })
    expect((await ask({ model: 'my-p/m', effort: 'high' })).request).toMatchObject({ reasoning_effort: 'high' })
    const without = await ask({ model: 'my-p/m' })
    for (const field of ['reasoning_effort', 'reasoning', 'chat_template_kwargs'])
      expect(without.request).not.toHaveProperty(field)
    expect(without.effort).toBeNull()
  })

  test("is OpenRouter's `reasoning`", async () => {
    listed = { 'qwen/qwen4': { top_provider: {}, reasoning: { supported_efforts: ['high', 'low'], mandatory: false } } }
    await startSegue()
    expect(await listEfforts()).toMatchObject({ 'qwen/qwen4': ['low', 'high'] })
    const { request } = await ask({ model: 'my-p/qwen/qwen4', effort: 'high' })
    expect(request).toMatchObject({ reasoning: { effort: 'high' } })
    expect(request).not.toHaveProperty('reasoning_effort')
  })

  test('is a variable of the chat template of llama.cpp and vLLM as well', async () => {
    listed = { m: { owned_by: 'llamacpp' } }
    await startSegue()
    expect((await ask({ model: 'my-p/m', effort: 'low' })).request).toMatchObject({
      reasoning_effort: 'low',
      chat_template_kwargs: { reasoning_effort: 'low', enable_thinking: true },
    })
  })

  test("is an effort with adaptive thinking in Anthropic's format, and a budget for older models", async () => {
    await startSegue({ type: 'anthropic', models: ['claude-opus-4-6', 'claude-sonnet-4-5', 'claude-3-5-haiku-latest'] })
    const { request } = await ask({ model: 'my-p/claude-opus-4-6', effort: 'max' })
    expect(request).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } })
    const { request: older } = await ask({ model: 'my-p/claude-sonnet-4-5', effort: 'low' })
    expect(older).toMatchObject({ thinking: { type: 'enabled', budget_tokens: expect.any(Number) } })
    await expect(ask({ model: 'my-p/claude-3-5-haiku-latest', effort: 'low' })).rejects.toThrow(
      /does not take the effort/,
    )
  })

  test.each([
    ['any', 400, "Unsupported parameter: 'reasoning_effort' is not supported with this model."],
    ['any', 400, '"m" does not support thinking'],
    ['any', 422, 'reasoning_effort: Extra inputs are not permitted'],
    ['any', 400, 'Function tools with reasoning_effort are not supported for m in /v1/chat/completions.'],
    ['any', 400, 'Bad request'],
    ['one', 400, "Unsupported value: 'reasoning_effort' does not support 'high' with this model."],
    ['one', 400, '`reasoning_effort` must be one of `low` or `medium`'],
  ])('that is refused (%s) is left out, which is remembered: %i %s', async (which, status, message) => {
    await startSegue({ models: ['m'] })
    judge = (request) => (request['reasoning_effort'] === undefined ? null : { status, message })
    const { sessionId } = await ask({ model: 'my-p/m', effort: 'high' })
    expect(requests.map((request) => request['reasoning_effort'])).toEqual(['high', undefined])
    const { m } = await listEfforts()
    if (which === 'any' && message !== 'Bad request') expect(m).toEqual([])
    else expect(m).toEqual(['low', 'medium'])

    judge = () => null
    requests.length = 0
    await stopSegue()
    await startSegue({ models: ['m'] })
    await ask({ sessionId })
    await ask({ sessionId, effort: 'high' })
    const lowered = m?.at(-1)
    expect(requests.map((request) => request['reasoning_effort'])).toEqual([lowered, lowered])
  })

  test('that is stored is lowered for a model that does not have it, and one that is given is refused', async () => {
    await startSegue({ models: ['gpt-5.2', 'gpt-4.1', 'grok-3-mini'] })
    const { sessionId } = await ask({ model: 'my-p/gpt-5.2', effort: 'xhigh' })
    const lowered = await ask({ sessionId, model: 'my-p/grok-3-mini' })
    expect(lowered).toMatchObject({ effort: 'high', request: { reasoning_effort: 'high' } })
    const without = await ask({ sessionId, model: 'my-p/gpt-4.1' })
    expect(without.effort).toBeNull()
    expect(without.request).not.toHaveProperty('reasoning_effort')
    expect(await ask({ sessionId })).toMatchObject({ effort: 'xhigh', request: { reasoning_effort: 'xhigh' } })
    await expect(ask({ sessionId, model: 'my-p/grok-3-mini', effort: 'xhigh' })).rejects.toThrow(
      /Choose one of: low, high\./,
    )
  })

  test('is taken from the configuration first', async () => {
    listed = { m: { supported_reasoning_efforts: ['low'] }, n: { supported_reasoning_efforts: ['low'] } }
    await startSegue({ efforts: [{ pattern: 'm', efforts: ['low', 'max'] }] })
    expect(await listEfforts()).toMatchObject({ m: ['low', 'max'], n: ['low'] })
    expect((await ask({ model: 'my-p/m', effort: 'max' })).request).toMatchObject({ reasoning_effort: 'max' })
  })
})
