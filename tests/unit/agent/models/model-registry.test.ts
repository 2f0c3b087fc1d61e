import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ModelRegistry } from '../../../../src/agent/models/model-registry.ts'
import { UnknownModelError } from '../../../../src/agent/models/unknown-model-error.ts'
import type { Provider, ProviderType } from '../../../../src/config/profile/provider.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { failingTextGenerator } from '../../../support/providers/resolved-model.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { findUnusedUrl, startHttpServer, type TestHttpServer } from '../../../support/server/small-server.ts'
import { StrictProvider } from '../../../support/providers/strict-provider.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'

const offline = { agent: { async *answer() {} }, textGenerator: failingTextGenerator, contextWindow: 1000 }
const warnings: object[] = []
const log = new RecordingLogger(({ fields, message }) => void warnings.push({ ...fields, message }))

beforeEach(() => {
  warnings.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

function provider(name: string, type: ProviderType, more: Partial<Provider>): Provider {
  return newProvider({ name, type, ...more })
}

function models(providers: readonly Provider[], defaultModel: string | null = null): ModelRegistry {
  return new ModelRegistry({
    providers,
    offline,
    defaultModel,
    log,
    idleTimeoutMs: 120_000,
    toolbox: newToolbox(),
    maxSteps: 50,
  })
}

/** A provider that lists what it is told. */
function listing(...data: object[]): Promise<TestHttpServer> {
  return startHttpServer((_request, response) => response.end(JSON.stringify({ object: 'list', data })))
}

const defaultOf = async (all: ModelRegistry) =>
  (await all.list()).filter(({ isDefault }) => isDefault).map(({ id }) => id)

describe('the list', () => {
  test('holds what is configured, in order, and the offline model last', async () => {
    const local = provider('local', 'openai-compatible', { models: ['b', 'org/a'] })
    expect(await models([local]).list()).toEqual([
      { id: 'local/b', provider: 'local', name: 'b', isDefault: true },
      { id: 'local/org/a', provider: 'local', name: 'org/a', isDefault: false },
      { id: 'offline/eliza', provider: 'offline', name: 'eliza', isDefault: false },
    ])
  })

  test('asks a provider of which no names are configured, with its key', async () => {
    await using strict = await StrictProvider.start({ apiKey: 'right', models: ['x', 'y'] })
    const asked = provider('asked', 'openai-compatible', { baseURL: strict.baseURL, apiKey: 'right' })
    expect((await models([asked]).list()).map(({ id }) => id)).toEqual(['asked/x', 'asked/y', 'offline/eliza'])
  })

  test('asks once for many readers, and again after five minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await using strict = await StrictProvider.start()
    const all = models([provider('asked', 'openai-compatible', { baseURL: strict.baseURL })])
    await Promise.all([all.list(), all.list(), all.resolve(null)])
    vi.setSystemTime(Date.now() + 299_000)
    await all.list()
    expect(strict.modelListRequests).toBe(1)
    vi.setSystemTime(Date.now() + 2_000)
    await all.list()
    expect(strict.modelListRequests).toBe(2)
  })

  test('keeps what it had when the provider is gone, says so in the log, and does not ask again at once', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const strict = await StrictProvider.start({ models: ['x'] })
    const all = models([provider('asked', 'openai-compatible', { baseURL: strict.baseURL, apiKey: 'secret-key' })])
    await all.list()
    await strict.close()
    vi.setSystemTime(Date.now() + 301_000)
    expect((await all.list()).map(({ id }) => id)).toEqual(['asked/x', 'offline/eliza'])
    await all.list()
    expect(warnings).toEqual([
      { provider: 'asked', reason: expect.stringContaining('reached'), message: expect.stringContaining('models') },
    ])
  })

  test.each<[string, number, string]>([
    ['an error', 500, '{}'],
    ['no JSON', 200, 'hello'],
    ['another JSON', 200, '{"models":[]}'],
    ['a refusal that repeats the key', 401, '{"error":{"message":"Wrong key: secret-key"}}'],
  ])('is empty for a provider that answers with %s', async (_, status, body) => {
    await using server = await startHttpServer((_request, response) => response.writeHead(status).end(body))
    const all = models([provider('asked', 'openai-compatible', { baseURL: server.url, apiKey: 'secret-key' })])
    expect((await all.list()).map(({ id }) => id)).toEqual(['offline/eliza'])
    expect(warnings).toHaveLength(1)
    expect(JSON.stringify(warnings)).not.toContain('secret-key')
  })

  test('does not wait for a provider that says nothing', { timeout: 5_000 }, async () => {
    await using silent = await startHttpServer(() => {})
    const all = models([provider('asked', 'openai-compatible', { baseURL: silent.url })])
    expect((await all.list()).map(({ id }) => id)).toEqual(['offline/eliza'])
  })

  test("leaves out what cannot chat of OpenAI's own", async () => {
    const others = ['text-embedding-3-small', 'whisper-1', 'tts-1', 'dall-e-3', 'gpt-image-1', 'gpt-4o-audio-preview']
    const more = ['gpt-realtime', 'gpt-4o-transcribe', 'omni-moderation-latest', 'sora-2', 'babbage-002', 'davinci-002']
    const rest = ['gpt-5-search-api', 'gpt-3.5-turbo-instruct', 'gpt-5-codex', 'gpt-5-pro', 'computer-use-preview']
    const chat = ['gpt-5', 'gpt-5-mini', 'gpt-4o', 'o3', 'chatgpt-4o-latest']
    await using server = await listing(...[...others, ...more, ...rest, ...chat].map((id) => ({ id })))
    const openai = provider('openai', 'openai', { baseURL: server.url, apiKey: 'k' })
    expect((await models([openai]).list()).map(({ name }) => name)).toEqual([...chat, 'eliza'])
  })

  test('asks Anthropic in its own way', async () => {
    await using server = await listing({ type: 'model', id: 'claude-x', created_at: '2026-01-01T00:00:00Z' })
    await models([provider('anthropic', 'anthropic', { baseURL: `${server.url}/v1`, apiKey: 'k' })]).list()
    expect(server.requests[0]).toMatchObject({
      url: expect.stringMatching(/^\/v1\/models/),
      headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
    })
  })
})

describe('the default', () => {
  test('is what was chosen, also where its provider does not list it', async () => {
    await using server = await listing({ id: 'x' })
    const asked = provider('asked', 'openai-compatible', { baseURL: server.url })
    expect(await defaultOf(models([asked], 'asked/y'))).toEqual(['asked/y'])
    expect((await models([asked], 'asked/y').resolve(null)).id).toBe('asked/y')
    expect(await defaultOf(models([asked], 'offline/eliza'))).toEqual(['offline/eliza'])
  })

  test('is the offline model where there is nothing else', async () => {
    expect(await models([]).resolve(null)).toEqual({ id: 'offline/eliza', name: 'eliza', ...offline })
    await using empty = await listing()
    const asked = provider('asked', 'openai-compatible', { baseURL: empty.url })
    expect(await defaultOf(models([asked]))).toEqual(['offline/eliza'])
  })

  test('is of the first provider that has a usable one', async () => {
    await using empty = await listing()
    const none = provider('none', 'openai-compatible', { baseURL: empty.url })
    const some = provider('some', 'openai-compatible', { models: ['second', 'first'] })
    expect(await defaultOf(models([none, some]))).toEqual(['some/second'])
  })

  test.each<[ProviderType, object[], string]>([
    ['openai-compatible', [{ id: 'a' }, { id: 'b' }], 'a'],
    [
      'openai-compatible',
      [
        { id: 'old', created: 1 },
        { id: 'nomic-embed', created: 3 },
        { id: 'new', created: 2 },
      ],
      'new',
    ],
    ['openai-compatible', [{ id: 'nomic-embed' }], 'nomic-embed'],
    [
      'openai',
      [
        { id: 'o9', created: 9 },
        { id: 'gpt-5', created: 1 },
        { id: 'gpt-5.2', created: 2 },
        { id: 'gpt-5.2-mini', created: 3 },
      ],
      'gpt-5.2',
    ],
    [
      'openai',
      [
        { id: 'o1', created: 1 },
        { id: 'o3', created: 3 },
      ],
      'o3',
    ],
    [
      'anthropic',
      [
        { id: 'claude-opus-9', created_at: '2026-03-01T00:00:00Z' },
        { id: 'claude-sonnet-8', created_at: '2026-01-01T00:00:00Z' },
        { id: 'claude-sonnet-9', created_at: '2026-02-01T00:00:00Z' },
      ],
      'claude-sonnet-9',
    ],
  ])('at %s, of %j, is %s', async (type, data, name) => {
    await using server = await listing(...data)
    expect(await defaultOf(models([provider('p', type, { baseURL: server.url, apiKey: 'k' })]))).toEqual([`p/${name}`])
  })

  test('stays with a provider that is there by its key when it cannot be asked', async () => {
    const dead = await findUnusedUrl()
    const local = provider('local', 'openai-compatible', { models: ['a'] })
    const byKey = (type: ProviderType) => models([provider(type, type, { baseURL: dead, apiKey: 'k' }), local])
    expect(await defaultOf(byKey('openai'))).toEqual([expect.stringMatching(/^openai\/gpt-\d/)])
    expect(await defaultOf(byKey('anthropic'))).toEqual([expect.stringMatching(/^anthropic\/claude-sonnet/)])
    expect(await defaultOf(byKey('openai-compatible'))).toEqual(['local/a'])
  })
})

describe('a model is found', () => {
  test('and answers with what its provider sends', async () => {
    await using strict = await StrictProvider.start({ apiKey: 'right', models: ['org/x'] })
    strict.enqueue('Hello.')
    const all = models([provider('mine', 'openai-compatible', { baseURL: strict.baseURL, apiKey: 'right' })])
    const { id, name, agent } = await all.resolve('mine/org/x')
    expect([id, name]).toEqual(['mine/org/x', 'org/x'])
    const events = agent.answer(newAgentRun({ model: name }))
    expect(await Array.fromAsync(events, ({ type }) => type)).toEqual(['step', 'text', 'usage'])
    expect(strict.requests[0]?.body.model).toBe('org/x')
    expect(strict.modelListRequests).toBe(0)
  })

  test.each<[string, string, RegExp]>([
    ['has no slash', 'x', /"x".*<provider>\/<name>/],
    ['has no name', 'local/', /"local\/".*<provider>\/<name>/],
    ['has no provider', '/x', /"\/x".*<provider>\/<name>/],
    ['is empty', '', /"".*<provider>\/<name>/],
    ['names another provider', 'remote/x', /"remote\/x".*local, asked, offline/],
    ['names another model of a provider that has been told its models', 'local/x', /"local\/x".*local\/a, local\/b/],
    ['names another offline model', 'offline/x', /"offline\/x".*offline\/eliza/],
    ['is a name that every object has', 'constructor/x', /"constructor\/x"/],
  ])('never when its id %s', async (_, id, message) => {
    const providers = [
      provider('local', 'openai-compatible', { models: ['a', 'b'] }),
      provider('asked', 'openai-compatible', { baseURL: 'http://127.0.0.1:1' }),
    ]
    const registry = models(providers)
    await expect(registry.resolve(id)).rejects.toThrow(UnknownModelError)
    await expect(registry.resolve(id)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: [] },
      modelId: id,
      message: expect.stringMatching(message),
    })
    expect(() => registry.assertKnown(id)).toThrow(message)
  })

  test('once: later lookups of the same id return the same model, until many others were looked up', async () => {
    const registry = models([provider('asked', 'openai-compatible', { baseURL: 'http://127.0.0.1:1' })])
    const model = await registry.resolve('asked/x')
    expect(await registry.resolve('asked/x')).toBe(model)
    for (let index = 0; index < 100; index += 1) await registry.resolve(`asked/${index}`)
    expect(await registry.resolve('asked/x')).not.toBe(model)
  })

  test('under any name of a provider that knows its own', async () => {
    const all = models([provider('asked', 'openai-compatible', { baseURL: 'http://127.0.0.1:1' })])
    expect(await all.resolve('asked/x/y')).toMatchObject({ id: 'asked/x/y', name: 'x/y' })
    expect(await all.resolve('offline/eliza')).toMatchObject({ agent: offline.agent })
  })
})
