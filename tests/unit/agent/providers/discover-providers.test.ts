import { expect, test } from 'vitest'
import { discoverProviders } from '../../../../src/agent/providers/discover-providers.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { findUnusedUrl, startHttpServer } from '../../../support/server/small-server.ts'
import { directHttpClient } from '../../../support/providers/connections.ts'

const json = (value: unknown) => startHttpServer((_request, response) => response.end(JSON.stringify(value)))

test('without keys and Ollama, no provider is found', async () => {
  expect(await discoverProviders({ OPENAI_API_KEY: '' }, directHttpClient, await findUnusedUrl())).toEqual([])
})

test('providers with keys in the environment are found, then a running Ollama', async () => {
  await using ollama = await json({ version: '0.13.0' })
  expect(
    await discoverProviders({ ANTHROPIC_API_KEY: 'b', OPENAI_API_KEY: 'a' }, directHttpClient, ollama.url),
  ).toEqual([
    newProvider({ name: 'openai', type: 'openai', apiKey: 'a' }),
    newProvider({ name: 'anthropic', type: 'anthropic', apiKey: 'b' }),
    newProvider({ name: 'ollama', type: 'openai-compatible', baseURL: `${ollama.url}/v1` }),
  ])
  expect(ollama.requests.map(({ method, url }) => [method, url])).toEqual([['GET', '/api/version']])
})

test('base URLs come from the environment; the one of Anthropic may omit the API version', async () => {
  const dead = await findUnusedUrl()
  const keys = { OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b', OPENAI_BASE_URL: 'http://localhost:1/v1' }
  const addresses = async (anthropic: string) =>
    (await discoverProviders({ ...keys, ANTHROPIC_BASE_URL: anthropic }, directHttpClient, dead)).map(
      ({ baseURL }) => baseURL,
    )
  expect(await addresses('http://localhost:2')).toEqual(['http://localhost:1/v1', 'http://localhost:2/v1'])
  expect(await addresses('http://localhost:2/gateway/')).toEqual([
    'http://localhost:1/v1',
    'http://localhost:2/gateway/v1',
  ])
  expect(await addresses('http://localhost:2/v1/')).toEqual(['http://localhost:1/v1', 'http://localhost:2/v1'])
})

test('another server on the port of Ollama is ignored', async () => {
  await using other = await json({ name: 'other' })
  await using refusing = await startHttpServer((_request, response) => response.writeHead(404).end())
  expect(await discoverProviders({}, directHttpClient, other.url)).toEqual([])
  expect(await discoverProviders({}, directHttpClient, refusing.url)).toEqual([])
})

test('an Ollama that does not respond is ignored', async () => {
  await using unresponsive = await startHttpServer(() => {})
  expect(await discoverProviders({}, directHttpClient, unresponsive.url)).toEqual([])
  expect(unresponsive.requests).toHaveLength(1)
})
