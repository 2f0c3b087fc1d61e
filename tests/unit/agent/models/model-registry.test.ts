import { noToolImageSupport } from '../../../../src/agent/models/content-support/image-support.ts'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ModelRegistry } from '../../../../src/agent/models/model-registry.ts'
import { UnknownModelError } from '../../../../src/agent/models/unknown-model-error.ts'
import type { Provider, ProviderType } from '../../../../src/config/profile/provider.ts'
import type { ModelObservation } from '../../../../src/model/model-observation.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { failingTextGenerator } from '../../../support/providers/resolved-model.ts'
import { newModelObservationStore } from '../../../support/providers/model-observation-store.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { findUnusedUrl, startHttpServer, type TestHttpServer } from '../../../support/server/small-server.ts'
import { StrictProvider } from '../../../support/providers/strict-provider.ts'
import { unscaledTokenCounter } from '../../../../src/agent/tokens/token-counter.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { newConnections } from '../../../support/providers/connections.ts'
import { waitLimitMs } from '../../../support/vitest-limits.ts'

const offline = {
  agent: { async *answer() {} },
  textGenerator: failingTextGenerator,
  contextWindow: 1000,
  statedContextWindow: 1000,
  maxOutputTokens: null,
  tokenCounter: unscaledTokenCounter,
  reservedTokens: 0,
  countToolTokens: async () => 0,
  isContextWindowKnown: true,
  efforts: [],
  toolImages: noToolImageSupport,
  pdfs: null,
}
const warnings: object[] = []
const log = new RecordingLogger(({ fields, message }) => void warnings.push({ ...fields, message }))

beforeEach(() => {
  warnings.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

function provider(name: string, type: ProviderType, overrides: Partial<Provider>): Provider {
  return newProvider({ name, type, ...overrides })
}

function newRegistry(
  providers: readonly Provider[],
  defaultModel: string | null = null,
  observations = newModelObservationStore(),
): ModelRegistry {
  return new ModelRegistry({
    providers,
    offline,
    defaultModel,
    observations,
    log,
    connections: newConnections(),
    toolbox: newToolbox(),
    maxSteps: 50,
  })
}

/** Starts a provider that lists these models. */
function startModelList(...data: object[]): Promise<TestHttpServer> {
  return startHttpServer((_request, response) => response.end(JSON.stringify({ object: 'list', data })))
}

const findDefaults = async (registry: ModelRegistry) =>
  (await registry.list()).filter(({ isDefault }) => isDefault).map(({ id }) => id)

describe('the model list', () => {
  test('contains the configured models in order, then the offline model', async () => {
    const local = provider('local', 'openai-compatible', { models: ['b', 'org/a'], baseURL: await findUnusedUrl() })
    const efforts = ['low', 'medium', 'high']
    const unknown = { contextWindow: null, supportsTools: null, supportsImages: null, omittedTools: [], efforts }
    expect(await newRegistry([local]).list()).toEqual([
      { id: 'local/b', provider: 'local', name: 'b', isDefault: true, ...unknown },
      { id: 'local/org/a', provider: 'local', name: 'org/a', isDefault: false, ...unknown },
      {
        id: 'offline/eliza',
        provider: 'offline',
        name: 'eliza',
        isDefault: false,
        ...unknown,
        supportsTools: true,
        supportsImages: true,
      },
    ])
  })

  test('is fetched with the key of the provider if no models are configured', async () => {
    await using strict = await StrictProvider.start({ apiKey: 'right', models: ['x', 'y'] })
    const remote = provider('cloud', 'openai-compatible', { baseURL: strict.baseURL, apiKey: 'right' })
    expect((await newRegistry([remote]).list()).map(({ id }) => id)).toEqual(['cloud/x', 'cloud/y', 'offline/eliza'])
  })

  test('is fetched once for concurrent callers, and again after five minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await using strict = await StrictProvider.start()
    const registry = newRegistry([provider('cloud', 'openai-compatible', { baseURL: strict.baseURL })])
    await Promise.all([registry.list(), registry.list(), registry.resolve(null)])
    vi.setSystemTime(Date.now() + 299_000)
    await registry.list()
    expect(strict.modelListRequests).toBe(1)
    vi.setSystemTime(Date.now() + 2_000)
    await registry.list()
    expect(strict.modelListRequests).toBe(2)
  })

  test('stays the same if the provider is gone, with one warning and no immediate retry', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const strict = await StrictProvider.start({ models: ['x'] })
    const registry = newRegistry([
      provider('cloud', 'openai-compatible', { baseURL: strict.baseURL, apiKey: 'secret-key' }),
    ])
    await registry.list()
    await strict.close()
    vi.setSystemTime(Date.now() + 301_000)
    expect((await registry.list()).map(({ id }) => id)).toEqual(['cloud/x', 'offline/eliza'])
    await registry.list()
    expect(warnings).toEqual([
      { provider: 'cloud', reason: expect.stringContaining('reached'), message: expect.stringContaining('models') },
    ])
  })

  test.each<[string, number, string]>([
    ['an error', 500, '{}'],
    ['invalid JSON', 200, 'hello'],
    ['unexpected JSON', 200, '{"models":[]}'],
    ['an error that repeats the key', 401, '{"error":{"message":"Wrong key: secret-key"}}'],
  ])('is empty for a provider that responds with %s', async (_, status, body) => {
    await using server = await startHttpServer((_request, response) => response.writeHead(status).end(body))
    const registry = newRegistry([
      provider('cloud', 'openai-compatible', { baseURL: server.url, apiKey: 'secret-key' }),
    ])
    expect((await registry.list()).map(({ id }) => id)).toEqual(['offline/eliza'])
    expect(warnings).toHaveLength(1)
    expect(JSON.stringify(warnings)).not.toContain('secret-key')
  })

  test('does not wait for a provider that does not respond', { timeout: 5_000 }, async () => {
    await using unresponsive = await startHttpServer(() => {})
    const registry = newRegistry([provider('cloud', 'openai-compatible', { baseURL: unresponsive.url })])
    expect((await registry.list()).map(({ id }) => id)).toEqual(['offline/eliza'])
  })

  test('omits OpenAI models that are not chat models', async () => {
    const others = ['text-embedding-3-small', 'whisper-1', 'tts-1', 'dall-e-3', 'gpt-image-1', 'gpt-4o-audio-preview']
    const more = ['gpt-realtime', 'gpt-4o-transcribe', 'omni-moderation-latest', 'sora-2', 'babbage-002', 'davinci-002']
    const rest = ['gpt-5-search-api', 'gpt-3.5-turbo-instruct', 'gpt-5-codex', 'gpt-5-pro', 'computer-use-preview']
    const chat = ['gpt-5', 'gpt-5-mini', 'gpt-4o', 'o3', 'chatgpt-4o-latest']
    await using server = await startModelList(...[...others, ...more, ...rest, ...chat].map((id) => ({ id })))
    const openai = provider('openai', 'openai', { baseURL: server.url, apiKey: 'k' })
    expect((await newRegistry([openai]).list()).map(({ name }) => name)).toEqual([...chat, 'eliza'])
  })

  test.each(['openai', 'openai-compatible', 'anthropic'] as const)(
    'omits models of a server of type %s that cannot chat, whatever their names',
    async (type) => {
      await using server = await startModelList({ id: 'vectors', mode: 'embedding' }, { id: 'org/llama-3-8b-instruct' })
      const remote = provider('cloud', type, { baseURL: server.url, apiKey: 'k' })
      expect((await newRegistry([remote]).list()).map(({ name }) => name)).toEqual(['org/llama-3-8b-instruct', 'eliza'])
    },
  )

  test('is fetched from Anthropic with its own headers', async () => {
    await using server = await startModelList({ type: 'model', id: 'claude-x', created_at: '2026-01-01T00:00:00Z' })
    await newRegistry([provider('anthropic', 'anthropic', { baseURL: `${server.url}/v1`, apiKey: 'k' })]).list()
    expect(server.requests[0]).toMatchObject({
      url: expect.stringMatching(/^\/v1\/models/),
      headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
    })
  })
})

describe('the default model', () => {
  test('is the configured one, even if its provider does not list it', async () => {
    await using server = await startModelList({ id: 'x' })
    const remote = provider('cloud', 'openai-compatible', { baseURL: server.url })
    expect(await findDefaults(newRegistry([remote], 'cloud/y'))).toEqual(['cloud/y'])
    expect((await newRegistry([remote], 'cloud/y').resolve(null)).id).toBe('cloud/y')
    expect(await findDefaults(newRegistry([remote], 'offline/eliza'))).toEqual(['offline/eliza'])
  })

  test('is the offline model if there is no other', async () => {
    expect(await newRegistry([]).resolve(null)).toMatchObject({ id: 'offline/eliza', name: 'eliza', ...offline })
    await using empty = await startModelList()
    await using embedding = await startModelList({ id: 'nomic-embed' }, { id: 'vectors', mode: 'embedding' })
    for (const { url } of [empty, embedding]) {
      const remote = provider('cloud', 'openai-compatible', { baseURL: url })
      expect(await findDefaults(newRegistry([remote]))).toEqual(['offline/eliza'])
    }
  })

  test('belongs to the first provider that has a usable model', async () => {
    await using empty = await startModelList()
    const none = provider('none', 'openai-compatible', { baseURL: empty.url })
    const some = provider('some', 'openai-compatible', { models: ['second', 'first'] })
    expect(await findDefaults(newRegistry([none, some]))).toEqual(['some/second'])
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
    await using server = await startModelList(...data)
    expect(await findDefaults(newRegistry([provider('p', type, { baseURL: server.url, apiKey: 'k' })]))).toEqual([
      `p/${name}`,
    ])
  })

  test('has a fallback if a provider with a key cannot be reached', async () => {
    const dead = await findUnusedUrl()
    const local = provider('local', 'openai-compatible', { models: ['a'] })
    const byKey = (type: ProviderType) => newRegistry([provider(type, type, { baseURL: dead, apiKey: 'k' }), local])
    expect(await findDefaults(byKey('openai'))).toEqual([expect.stringMatching(/^openai\/gpt-\d/)])
    expect(await findDefaults(byKey('anthropic'))).toEqual([expect.stringMatching(/^anthropic\/claude-sonnet/)])
    expect(await findDefaults(byKey('openai-compatible'))).toEqual(['local/a'])
  })
})

describe('resolving a model', () => {
  test('returns an agent that answers through the provider', async () => {
    await using strict = await StrictProvider.start({ apiKey: 'right', models: ['org/x'] })
    strict.enqueue('Hello.')
    const registry = newRegistry([provider('mine', 'openai-compatible', { baseURL: strict.baseURL, apiKey: 'right' })])
    const { id, name, agent } = await registry.resolve('mine/org/x')
    expect([id, name]).toEqual(['mine/org/x', 'org/x'])
    const events = agent.answer(newAgentRun({ model: name }))
    expect(await Array.fromAsync(events, ({ type }) => type)).toEqual(['step', 'text', 'finish', 'usage'])
    expect(strict.requests[0]?.body.model).toBe('org/x')
    // For the context window, which the list may contain.
    expect(strict.modelListRequests).toBe(1)
  })

  test.each<[string, string, RegExp]>([
    ['has no slash', 'x', /"x".*<provider>\/<name>/],
    ['has no name', 'local/', /"local\/".*<provider>\/<name>/],
    ['has no provider', '/x', /"\/x".*<provider>\/<name>/],
    ['is empty', '', /"".*<provider>\/<name>/],
    ['names another provider', 'other/x', /"other\/x".*local, cloud, offline/],
    ['names another model of a provider with configured models', 'local/x', /"local\/x".*local\/a, local\/b/],
    ['names another offline model', 'offline/x', /"offline\/x".*offline\/eliza/],
    ['is a property of Object.prototype', 'constructor/x', /"constructor\/x"/],
  ])('fails if the id %s', async (_, id, message) => {
    const providers = [
      provider('local', 'openai-compatible', { models: ['a', 'b'] }),
      provider('cloud', 'openai-compatible', { baseURL: 'http://127.0.0.1:1' }),
    ]
    const registry = newRegistry(providers)
    await expect(registry.resolve(id)).rejects.toThrow(UnknownModelError)
    await expect(registry.resolve(id)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: [] },
      modelId: id,
      message: expect.stringMatching(message),
    })
    expect(() => registry.assertKnown(id)).toThrow(message)
  })

  test('returns the same model for the same id, until many others were resolved', async () => {
    const registry = newRegistry([provider('cloud', 'openai-compatible', { baseURL: 'http://127.0.0.1:1' })])
    const model = await registry.resolve('cloud/x')
    expect(await registry.resolve('cloud/x')).toBe(model)
    for (let index = 0; index < 100; index += 1) await registry.resolve(`cloud/${index}`)
    expect(await registry.resolve('cloud/x')).not.toBe(model)
  })

  test('accepts any name if the provider has no configured models', async () => {
    const registry = newRegistry([provider('cloud', 'openai-compatible', { baseURL: 'http://127.0.0.1:1' })])
    expect(await registry.resolve('cloud/x/y')).toMatchObject({ id: 'cloud/x/y', name: 'x/y' })
    expect(await registry.resolve('offline/eliza')).toMatchObject({ agent: offline.agent })
  })
})

describe('what requests have shown', () => {
  const baseURL = 'http://127.0.0.1:9/v1'
  const window = { model: 'cloud/m', baseURL, property: 'contextWindow', value: 4096, observedAt: Date.now() } as const
  const tools = { ...window, property: 'supportsTools', value: 0 } as const
  const cloud = (overrides: Partial<Provider> = {}) =>
    provider('cloud', 'openai-compatible', { baseURL, models: ['m'], ...overrides })

  async function describeModel(registry: ModelRegistry) {
    const [model] = await registry.list()
    return [model?.contextWindow, model?.supportsTools, (await registry.resolve('cloud/m')).contextWindow]
  }

  function newRegistryWith(only: Provider, ...saved: ModelObservation[]): ModelRegistry {
    const observations = newModelObservationStore()
    observations.saved.push(...saved)
    return newRegistry([only], null, observations)
  }

  test('counts after a restart', async () => {
    expect(await describeModel(newRegistryWith(cloud(), window, tools))).toEqual([4096, false, 4096])
  })

  test('does not count for another server', async () => {
    const moved = cloud({ baseURL: 'http://127.0.0.1:10/v1' })
    expect(await describeModel(newRegistryWith(moved, window, tools))).toEqual([null, null, 128_000])
  })

  test('makes a configured context window smaller, never larger', async () => {
    expect(await describeModel(newRegistryWith(cloud({ contextWindow: 8192 }), window))).toEqual([4096, null, 4096])
    expect(await describeModel(newRegistryWith(cloud({ contextWindow: 2048 }), window))).toEqual([2048, null, 2048])
  })

  test('of a context window is forgotten after a day', async () => {
    const old = { ...window, observedAt: Date.now() - 24 * 60 * 60_000 }
    expect(await describeModel(newRegistryWith(cloud(), old))).toEqual([null, null, 128_000])
  })

  const hour = 60 * 60_000
  test.each([
    ['supportsImages', 0, hour, { images: true }],
    ['supportsOtherFiles', 0, hour, { otherFiles: true }],
    ['acceptsProviderState', 0, hour, { providerState: true }],
    ['acceptsToolCalls', 0, hour, { toolCalls: true }],
    ['acceptsFile:abc', 0, 7 * 24 * hour, { fileKeys: new Set(['abc']) }],
    ['maxImages', 2, 24 * hour, { maxImages: 2 }],
  ] as const)('of refused content counts for some time: %s', async (property, value, ttlMs, omissions) => {
    const resolveAt = async (observedAt: number) =>
      (await newRegistryWith(cloud(), { ...window, property, value, observedAt }).resolve('cloud/m')).omissions
    const nothing = {
      images: false,
      otherFiles: false,
      providerState: false,
      toolCalls: false,
      systemRole: false,
      efforts: new Set(),
      maxImages: 50,
    }
    expect(await resolveAt(Date.now() - ttlMs + 10_000)).toEqual({ ...nothing, fileKeys: new Set(), ...omissions })
    expect(await resolveAt(Date.now() - ttlMs)).toEqual({ ...nothing, fileKeys: new Set() })
  })

  test('of images is shown, and decides about those of tools', async () => {
    const images = { ...window, property: 'supportsImages', value: 1 } as const
    const findPlacement = async (...saved: ModelObservation[]) =>
      (await newRegistryWith(cloud(), ...saved).resolve('cloud/m')).toolImages.placement
    expect(await findPlacement()).toBe('none')
    expect(await findPlacement(images)).toBe('after-results')
    for (const value of [0, 1]) {
      const [model] = await newRegistryWith(cloud(), { ...images, value }).list()
      expect(model?.supportsImages).toBe(value === 1)
    }
  })

  test('is learned again if it cannot be read', async () => {
    const observations = {
      ...newModelObservationStore(),
      list: async () => Promise.reject(new Error('The disk is gone.')),
    }
    expect(await describeModel(newRegistry([cloud()], null, observations))).toEqual([null, null, 128_000])
    expect(warnings).toContainEqual(expect.objectContaining({ message: expect.stringContaining('could not be read') }))
  })
})

describe('the context window of a resolved model', () => {
  const listing = () => startModelList({ id: 'm', max_model_len: 2000 }, { id: 'gpt-4' })

  test.each(['openai', 'openai-compatible', 'anthropic'] as const)('comes from the list of a %s', async (type) => {
    await using server = await listing()
    const registry = newRegistry([provider('cloud', type, { baseURL: server.url, apiKey: 'k' })])
    expect((await registry.resolve('cloud/m')).contextWindow).toBe(2000)
    expect((await registry.resolve('cloud/gpt-4')).contextWindow).toBe(8192)
    expect((await registry.resolve('cloud/other')).contextWindow).toBe(128_000)
    expect(server.requests).toHaveLength(1)
  })

  test('is the configured one if there is one', async () => {
    await using server = await listing()
    const registry = newRegistry([provider('cloud', 'openai-compatible', { baseURL: server.url, contextWindow: 256 })])
    expect((await registry.resolve('cloud/m')).contextWindow).toBe(256)
    expect(server.requests).toHaveLength(0)
  })

  test('comes from the list also if the models are configured, once it matters', async () => {
    await using server = await listing()
    const cloud = provider('cloud', 'openai-compatible', { baseURL: server.url, models: ['m', 'other'] })
    const registry = newRegistry([cloud])
    expect((await registry.resolve('cloud/m')).contextWindow).toBe(128_000)
    expect(server.requests).toHaveLength(0)
    expect((await registry.resolve('cloud/m', { contextTokens: 1000 })).contextWindow).toBe(2000)
    expect((await registry.resolve('cloud/m')).contextWindow).toBe(2000)
    expect((await registry.resolve('cloud/other')).contextWindow).toBe(128_000)
    expect(server.requests).toHaveLength(1)
  })

  test('is shown in the list of configured models', async () => {
    await using server = await listing()
    const cloud = provider('cloud', 'openai-compatible', { baseURL: server.url, models: ['m', 'other'] })
    const models = await newRegistry([cloud]).list()
    expect(models.map(({ name, contextWindow }) => [name, contextWindow])).toEqual([
      ['m', 2000],
      ['other', null],
      ['eliza', null],
    ])
  })

  test('comes from the name if the models are configured and the server has no list', async () => {
    await using server = await startHttpServer((_request, response) => response.writeHead(404).end())
    const registry = newRegistry([provider('cloud', 'openai-compatible', { baseURL: server.url, models: ['m'] })])
    expect((await registry.resolve('cloud/m', { contextTokens: 1000 })).contextWindow).toBe(128_000)
  })

  test('follows the list when it changes, without a wait for the provider', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    let tokens = 2000
    const arrivals = new EventTarget()
    await using server = await startHttpServer((_request, response) => {
      response.end(JSON.stringify({ data: [{ id: 'm', max_model_len: tokens }] }))
      arrivals.dispatchEvent(new Event('request'))
    })
    const registry = newRegistry([provider('cloud', 'openai-compatible', { baseURL: server.url })])
    const model = await registry.resolve('cloud/m')
    expect(await registry.resolve('cloud/m')).toBe(model)
    tokens = 4000
    vi.setSystemTime(Date.now() + 301_000)
    const arrived = once(arrivals, 'request')
    expect(await registry.resolve('cloud/m')).toBe(model)
    await arrived
    await registry.list()
    expect((await registry.resolve('cloud/m')).contextWindow).toBe(4000)
  })

  test('is assumed from the name, without waiting, while a list that was never fetched does not come', async () => {
    const requests: ServerResponse[] = []
    await using server = await startHttpServer((_request, response) => void requests.push(response))
    const registry = newRegistry([provider('slow', 'openai-compatible', { baseURL: server.url })])
    expect((await registry.resolve('slow/m', { maxListWaitMs: 0 })).contextWindow).toBe(128_000)
    await vi.waitFor(() => expect(requests).toHaveLength(1), { timeout: waitLimitMs })
    requests[0]?.end(JSON.stringify({ data: [{ id: 'm', context_length: 2000 }] }))
    const resolved = (): Promise<unknown> => registry.resolve('slow/m', { maxListWaitMs: 0 })
    await vi.waitFor(async () => expect(await resolved()).toMatchObject({ contextWindow: 2000 }), {
      timeout: waitLimitMs,
    })
  })
})

test('the dialect of a server of unknown make is the one that its list of models shows, once it was fetched', async () => {
  await using http = await startModelList({ id: 'm', owned_by: 'llamacpp' })
  const unknown = provider('unknown', 'openai-compatible', { baseURL: http.url, models: ['m'] })
  const registry = newRegistry([unknown])
  expect((await registry.resolve('unknown/m')).dialect?.name).toBe('default')
  await registry.resolve('unknown/m', { contextTokens: 1_000_000 })
  expect((await registry.resolve('unknown/m')).dialect?.name).toBe('llama-cpp')
})
