import { json } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { ModelRegistry } from '../../../../src/agent/models/model-registry.ts'
import { createOfflineModel } from '../../../../src/agent/offline/offline-model.ts'
import { computeOutputLimit } from '../../../../src/agent/tokens/output-limit.ts'
import type { ProviderType } from '../../../../src/config/profile/provider.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { newProse } from '../../../support/fixtures/context-messages.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newConnections } from '../../../support/providers/connections.ts'
import { newModelObservationStore } from '../../../support/providers/model-observation-store.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'

describe('the limit of an answer', () => {
  const limits = { contextWindow: 200_000, model: 'claude-sonnet-4-5' }

  test('is left to the SDK as long as the longest answer fits beside the input', () => {
    expect(computeOutputLimit({ ...limits, inputTokens: 50_000 })).toBeUndefined()
    expect(computeOutputLimit({ contextWindow: 32_768, inputTokens: 20_000, model: 'qwen3' })).toBeUndefined()
    expect(computeOutputLimit({ ...limits, contextWindow: Number.POSITIVE_INFINITY, inputTokens: 1 })).toBeUndefined()
  })

  test('is what the input leaves of the window otherwise', () => {
    expect(computeOutputLimit({ ...limits, inputTokens: 140_000 })).toBe(53_000)
    expect(computeOutputLimit({ contextWindow: 2048, inputTokens: 1000, model: 'qwen3' })).toBe(998)
    expect(computeOutputLimit({ contextWindow: 2048, inputTokens: 3000, model: 'qwen3' })).toBe(1)
  })

  test("is never more than the model's longest answer", () => {
    const known = { contextWindow: 100_000, maxOutputTokens: 8192, model: 'm' }
    expect(computeOutputLimit({ ...known, inputTokens: 1000 })).toBe(8192)
    expect(computeOutputLimit({ ...known, inputTokens: 90_000 })).toBe(5500)
  })
})

/** The limit of the answer in the request for a chat of 1,000 tokens in a window of 2,048. */
async function findRequestedLimit(type: ProviderType): Promise<unknown> {
  const requests: unknown[] = []
  await using server = await startHttpServer((request, response) => {
    void json(request).then((body) => {
      requests.push(body)
      response.writeHead(400).end('{}')
    })
  })
  const models = ['qwen3']
  const toolbox = newToolbox({ offersClarify: false })
  const registry = new ModelRegistry({
    providers: [newProvider({ name: 'p', type, baseURL: server.url, apiKey: 'k', models, contextWindow: 2048 })],
    offline: createOfflineModel({ delayMs: 0, toolbox }),
    defaultModel: null,
    observations: newModelObservationStore(),
    log: silentLogger,
    connections: newConnections(),
    toolbox,
    maxSteps: 1,
  })
  const { agent, name } = await registry.resolve('p/qwen3')
  const run = newAgentRun({ model: name, loadHistory: async () => [{ role: 'user', content: newProse(1000) }] })
  await expect(Array.fromAsync(agent.answer(run))).rejects.toThrow('rejected')
  const [first] = requests
  return typeof first === 'object' && first !== null && 'max_tokens' in first ? first.max_tokens : undefined
}

describe('a request to a small model', () => {
  test("in Anthropic's format, which states the limit of the answer, asks for what the window has room for", async () => {
    const limit = await findRequestedLimit('anthropic')
    expect(limit).toBeGreaterThan(800)
    expect(limit).toBeLessThan(1100)
  })

  test('in the format of chat completions states no limit', async () => {
    expect(await findRequestedLimit('openai-compatible')).toBeUndefined()
  })
})
