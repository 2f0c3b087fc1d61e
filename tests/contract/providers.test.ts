import { afterAll, beforeAll, expect, test } from 'vitest'
import { newProvider } from '../support/providers/provider.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { findUnusedUrl } from '../support/server/small-server.ts'
import { ProvidersDocument } from './generated/graphql.ts'
import { connect, readingTransports } from './support/clients.ts'
import { ask } from './support/typed-client.ts'

const apiKey = 'my-secret-key-4711'
const otherKey = 'another-secret-key-0815'

let strict: StrictProvider
let segue: TestSegue

beforeAll(async () => {
  strict = await StrictProvider.start({ apiKey, models: ['test', 'other'], listedFields: { context_length: 4096 } })
  const { baseURL } = strict
  segue = await startTestSegue({
    settings: {
      model: 'ready/other',
      providers: [
        newProvider({ name: 'ready', baseURL, apiKey }),
        newProvider({ name: 'mistyped', baseURL, apiKey: otherKey, models: ['test'] }),
        newProvider({ name: 'keyless', baseURL, models: ['test'] }),
        newProvider({ name: 'unset', type: 'anthropic', unsetApiKeyEnv: 'WORK_KEY', models: ['claude'] }),
        newProvider({ name: 'away', baseURL: await findUnusedUrl() }),
      ],
    },
  })
})

afterAll(async () => {
  await segue.close()
  await strict.close()
})

test.each(readingTransports)(
  'the providers of a profile, over %s, say whether they answer, with their models',
  async (transport) => {
    await using client = connect(transport, segue.url)
    const { profile } = await ask(client, ProvidersDocument, { profile: 'default' })
    expect(profile?.providers).toEqual([
      {
        name: 'ready',
        type: 'openai-compatible',
        state: 'READY',
        error: null,
        models: [
          { qualifiedName: 'ready/test', isDefault: false, contextWindow: 4096 },
          { qualifiedName: 'ready/other', isDefault: true, contextWindow: 4096 },
        ],
      },
      expect.objectContaining({
        name: 'mistyped',
        state: 'REFUSED',
        error: expect.stringContaining('The provider rejected the API key.'),
        models: [expect.objectContaining({ qualifiedName: 'mistyped/test' })],
      }),
      expect.objectContaining({ name: 'keyless', state: 'NO_KEY', error: expect.stringContaining('apiKeyEnv') }),
      expect.objectContaining({
        name: 'unset',
        type: 'anthropic',
        state: 'NO_KEY',
        error: 'The environment variable WORK_KEY is not set. Set it to the API key, and start the server again.',
      }),
      expect.objectContaining({
        name: 'away',
        state: 'UNREACHABLE',
        error: 'The provider could not be reached. Check its URL and whether it is running.',
        models: [],
      }),
      expect.objectContaining({
        name: 'offline',
        type: 'offline',
        state: 'READY',
        error: null,
        models: [expect.objectContaining({ qualifiedName: 'offline/eliza' })],
      }),
    ])
    expect(JSON.stringify(profile)).not.toMatch(/secret-key/)
  },
)

test('a provider that answers is asked once a minute, however often clients ask', async () => {
  await using client = connect('http', segue.url)
  await ask(client, ProvidersDocument, { profile: 'default' })
  const before = strict.requests.length + strict.modelListRequests
  await Promise.all([1, 2, 3].map(() => ask(client, ProvidersDocument, { profile: 'default' })))
  expect(strict.requests.length + strict.modelListRequests).toBe(before)
})

test('a profile that does not exist has the offline provider only', async () => {
  await using client = connect('http', segue.url)
  const { profile } = await ask(client, ProvidersDocument, { profile: 'nobody' })
  expect(profile?.providers).toMatchObject([
    { name: 'offline', state: 'READY', models: [{ qualifiedName: 'offline/eliza', isDefault: true }] },
  ])
})
