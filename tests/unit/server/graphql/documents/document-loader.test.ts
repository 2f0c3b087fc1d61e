import { afterEach, expect, test, vi } from 'vitest'
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
