import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { transports } from '../../support/clients/transports.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { post } from '../../support/server/post.ts'
import { startTestSegue, testLimits } from '../../support/server/segue.ts'

/** A query that waits for a provider which never answers. */
const slowQuery = '{ profile(name: "default") { providers { state } } }'

/** Starts a server with such a provider, and the given timeout. */
async function startSlowSegue(querySeconds: number) {
  await using resources = new AsyncDisposableStack()
  const provider = createServer(() => undefined)
  provider.listen(0, '127.0.0.1')
  await once(provider, 'listening')
  resources.defer(() => provider.closeAllConnections())
  resources.defer(() => void provider.close())
  const address = provider.address()
  const port = typeof address === 'object' ? address?.port : null
  const slow = newProvider({ name: 'slow', baseURL: `http://127.0.0.1:${port}/v1`, models: [], contextWindow: null })
  const limits = { ...testLimits, querySeconds }
  const segue = resources.use(await startTestSegue({ settings: { providers: [slow], limits } }))
  const owned = resources.move()
  return { segue, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}

test.for(Object.entries(transports))('A9 over %s, a query that takes too long ends with TIMEOUT', async ([, send]) => {
  await using started = await startSlowSegue(0.05)
  const result = await send(started.segue.url, { query: slowQuery })
  expect(result.errors).toMatchObject([{ extensions: { code: 'TIMEOUT' } }])
  expect(result.data ?? null).toBeNull()
  expect((await send(started.segue.url, { query: '{ server { version } }' })).errors).toEqual([])
  expect(started.segue.warnings).toEqual([])
})

test('A9 a query of a batch that takes too long does not end the others', async () => {
  await using started = await startSlowSegue(0.05)
  const response = await fetch(`${started.segue.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ query: slowQuery }, { query: '{ server { version } }' }]),
  })
  expect(z.array(z.unknown()).parse(await response.json())).toMatchObject([
    { data: null, errors: [{ extensions: { code: 'TIMEOUT' } }] },
    { data: { server: { version: expect.any(String) } } },
  ])
})

test('A9 a mutation has no timeout of queries', async () => {
  await using started = await startSlowSegue(0.000_001)
  const { errors } = await post(started.segue.url, 'mutation { createSession(input: { title: "Slow" }) { id } }')
  expect(errors).toEqual([])
})

test('A9 a long list that takes too long ends with TIMEOUT, and leaves nothing behind', async () => {
  await using segue = await startTestSegue({ settings: { limits: { ...testLimits, querySeconds: 0.02 } } })
  const create = 'mutation { createJob(input: { name: "Often", prompt: "x", schedule: "* * * * *" }) { id } }'
  for (let count = 0; count < 20; count += 1) expect((await post(segue.url, create)).errors).toEqual([])
  const query = `{ jobs { ${Array.from({ length: 20 }, (_, index) => `n${index}: nextRuns(first: 1000)`).join(' ')} } }`
  const { errors } = await post(segue.url, query)
  expect(errors).toMatchObject([{ extensions: { code: 'TIMEOUT' } }])
  expect((await post(segue.url, '{ __typename }')).errors).toEqual([])
  expect(segue.warnings).toEqual([])
})
