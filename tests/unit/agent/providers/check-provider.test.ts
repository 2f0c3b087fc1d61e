import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { checkProvider } from '../../../../src/agent/providers/check-provider.ts'
import type { Provider } from '../../../../src/config/profile/provider.ts'
import { newProviderFetch } from '../../../support/providers/connections.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { findUnusedUrl, startHttpServer } from '../../../support/server/small-server.ts'
import { waitLimitMs } from '../../../support/vitest-limits.ts'

const list = JSON.stringify({ data: [{ id: 'test' }] })
const key = 'my-secret-key-4711'

/** The availability of a provider at a server that responds like this. */
async function checkAt(listener: RequestListener, overrides: Partial<Provider> = {}, timeoutMs = waitLimitMs) {
  await using server = await startHttpServer(listener)
  const provider = newProvider({ baseURL: `${server.url}/v1`, ...overrides })
  return await checkProvider(provider, newProviderFetch(), timeoutMs)
}

const respond =
  (status: number, body: string): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(body)

const refuse = (status: number, message: string): RequestListener =>
  respond(status, JSON.stringify({ error: { message } }))

describe('a provider', () => {
  test('is READY if it lists its models', async () => {
    expect(await checkAt(respond(200, list))).toEqual({ state: 'READY', error: null })
  })

  test('is READY without a list if its models are configured, and asked to be named otherwise', async () => {
    for (const response of [respond(404, 'Not found'), respond(200, '<!doctype html>'), refuse(405, 'No')]) {
      expect(await checkAt(response, { models: ['test'] })).toEqual({ state: 'READY', error: null })
      expect(await checkAt(response)).toEqual({
        state: 'REFUSED',
        error: 'The provider sent no list of models. Check its baseURL in config.json, or name its models there.',
      })
    }
  })

  test('is UNREACHABLE if nothing listens, and if its server fails', async () => {
    const provider = newProvider({ baseURL: await findUnusedUrl() })
    expect(await checkProvider(provider, newProviderFetch())).toEqual({
      state: 'UNREACHABLE',
      error: 'The provider could not be reached. Check its URL and whether it is running.',
    })
    expect(await checkAt(refuse(503, `${key} at /home/me/x.py`), { apiKey: key })).toEqual({
      state: 'UNREACHABLE',
      error: 'The provider failed with HTTP 503. Check whether it is running, or try again later.',
    })
  })

  test('is UNREACHABLE if it does not answer in time, or stops in the middle of its answer', async () => {
    const silent: RequestListener = () => undefined
    const stalled: RequestListener = (_, response) => void response.writeHead(200).write('{"data": [')
    for (const listener of [silent, stalled]) {
      expect(await checkAt(listener, {}, 200)).toEqual({
        state: 'UNREACHABLE',
        error: 'The provider did not respond in time. Try again.',
      })
    }
  })

  test('is REFUSED if it refuses the key or the account, without the key in its words', async () => {
    const wrongKey = await checkAt(refuse(401, `Incorrect API key provided: ${key}.`), { apiKey: key })
    expect(wrongKey).toMatchObject({
      state: 'REFUSED',
      error: expect.stringMatching(/^The provider rejected the API key\./),
    })
    expect(wrongKey.error).not.toContain(key)
    expect(await checkAt(refuse(402, 'No credit left'), { apiKey: key })).toMatchObject({
      state: 'REFUSED',
      error: expect.stringContaining('quota or credit'),
    })
  })

  test('has NO_KEY if it refuses requests without one', async () => {
    expect(await checkAt(refuse(401, 'Missing API key'))).toEqual({
      state: 'NO_KEY',
      error: 'The provider needs an API key, and none is configured. Name its variable as apiKeyEnv in config.json.',
    })
  })

  test('has NO_KEY, and is not asked, if the variable of its key is not set', async () => {
    const neverCalled: typeof fetch = () => Promise.reject(new Error('It was asked.'))
    const provider = newProvider({ baseURL: 'https://models.example/v1', unsetApiKeyEnv: 'MODELS_KEY' })
    expect(await checkProvider(provider, neverCalled)).toEqual({
      state: 'NO_KEY',
      error: 'The environment variable MODELS_KEY is not set. Set it to the API key, and start the server again.',
    })
    for (const type of ['openai', 'anthropic', 'azure'] as const)
      expect(await checkProvider(newProvider({ type }), neverCalled)).toMatchObject({ state: 'NO_KEY' })
    // A server on this machine may need none.
    expect(await checkAt(respond(200, list), { unsetApiKeyEnv: 'MODELS_KEY' })).toMatchObject({ state: 'READY' })
  })

  test('of Azure is asked for what could be deployed', async () => {
    const urls: (string | undefined)[] = []
    const listener: RequestListener = (request, response) => {
      urls.push(request.url)
      response.end(list)
    }
    await using server = await startHttpServer(listener)
    for (const [path, apiVersion] of [
      ['', null],
      ['/openai/deployments/gpt', '2025-01-01'],
      ['/openai/v1/', null],
    ] as const) {
      const provider = newProvider({ type: 'azure', baseURL: server.url + path, apiKey: key, apiVersion })
      expect(await checkProvider(provider, newProviderFetch())).toMatchObject({ state: 'READY' })
    }
    expect(urls).toEqual([
      '/openai/models?api-version=2024-10-21',
      '/openai/models?api-version=2025-01-01',
      '/openai/v1/models',
    ])
  })
})
