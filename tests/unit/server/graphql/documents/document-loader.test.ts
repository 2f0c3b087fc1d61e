import { afterEach, expect, test, vi } from 'vitest'
import { defaultLimits } from '../../../../../src/config/limits.ts'
import { GraphQLDocumentCache } from '../../../../../src/server/graphql/documents/graphql-document-cache.ts'
import { EventStream } from '../../../../support/clients/event-stream.ts'
import { post } from '../../../../support/server/post.ts'
import { RawSocket } from '../../../../support/server/raw-socket.ts'
import { startTestSegue } from '../../../../support/server/segue.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('a document is parsed and validated once, whichever transports it arrives by', async () => {
  const add = vi.spyOn(GraphQLDocumentCache.prototype, 'add')
  await using segue = await startTestSegue()
  const query = 'query Shared { models { qualifiedName } }'
  const data = { models: [{ qualifiedName: 'offline/eliza' }] }
  for (let count = 0; count < 2; count += 1) {
    expect((await post(segue.url, query)).data).toEqual(data)
    const stream = await EventStream.open(segue.url, { query })
    expect((await stream.next())?.data).toBe(JSON.stringify({ data }))
    stream.destroy()
    const socket = await RawSocket.open(segue.url)
    socket.subscribe('1', query)
    expect((await socket.next()).payload).toEqual({ data })
    await socket.close()
  }
  expect(add.mock.calls.map(([text]) => text)).toEqual([query])
})

test('an invalid document is not cached', async () => {
  const add = vi.spyOn(GraphQLDocumentCache.prototype, 'add')
  await using segue = await startTestSegue()
  for (const query of ['{', '{ nothing }']) {
    expect((await post(segue.url, query)).errors).toHaveLength(1)
    const stream = await EventStream.open(segue.url, { query })
    expect((await stream.next())?.data).toContain('"errors"')
    stream.destroy()
  }
  expect(add).not.toHaveBeenCalled()
})

test.each([
  ['lists', (levels: number) => `{ node(id: ${'['.repeat(levels)}`],
  [
    'input objects',
    (levels: number) => `{ sessions(filter: ${'{ ids: '.repeat(levels)}1${' }'.repeat(levels)}) { edges { cursor } } }`,
  ],
  ['inline fragments', (levels: number) => `{ ${'... { '.repeat(levels)}__typename${' }'.repeat(levels)} }`],
  ['types of variables', (levels: number) => `query ($v: ${'['.repeat(levels)}ID${']'.repeat(levels)}) { __typename }`],
  ['fields', (levels: number) => `{ session(id: "x") ${'{ parent '.repeat(levels)}{ id }${' }'.repeat(levels)} }`],
])('%s within each other are never too deep for the call stack', async (_, write) => {
  await using segue = await startTestSegue()
  for (const levels of [199, 1100, 5000, 100_000]) {
    const { errors } = await post(segue.url, write(levels))
    for (const { extensions } of errors) expect(extensions.code).not.toBe('INTERNAL')
    if (levels > 1200) expect(errors).toMatchObject([{ extensions: { code: 'TOO_LARGE', limit: 'depth', max: 1000 } }])
  }
  expect(segue.warnings).toEqual([])
})

test('brackets in texts and comments are not nested', async () => {
  await using segue = await startTestSegue({ settings: { limits: defaultLimits } })
  const brackets = '[{('.repeat(200)
  const { data, errors } = await post(segue.url, `{ node(id: "${brackets}") { id } } # ${brackets}`)
  expect({ data, errors }).toEqual({ data: { node: null }, errors: [] })
})
