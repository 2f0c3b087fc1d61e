import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { SearchKey, SearchPage, SearchRequest } from '../../src/search/search-hit.ts'
import { request } from '../support/server/graphql-request.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { waitUntil } from '../support/wait-until.ts'

const query = '{ search(query: "needle") { edges { cursor } } }'

interface Searching {
  readonly segue: TestSegue
  /** The signal of each search that runs. */
  readonly signals: AbortSignal[]
}

/** A server whose searches end only when nobody waits for them any more. Goes with the test. */
async function newSearching(): Promise<Searching> {
  const segue = await startTestSegue()
  const signals: AbortSignal[] = []
  const find = vi.spyOn(segue.defaultProfile.profile.search, 'find').mockImplementation((_, signal) => {
    signals.push(signal)
    const { promise, resolve } = Promise.withResolvers<SearchPage>()
    signal.addEventListener('abort', () => resolve({ hits: [], searchedUpTo: null }))
    return promise
  })
  onTestFinished(async () => {
    find.mockRestore()
    await segue[Symbol.asyncDispose]()
  })
  return { segue, signals }
}

async function socketTo({ url }: TestSegue): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init' }))
  await once(socket, 'message')
  return socket
}

test.each(['application/json', 'text/event-stream'])(
  'A6 a search stops when its client leaves, as %s',
  async (accept) => {
    const { segue, signals } = await newSearching()
    const leaving = new AbortController()
    const asked = fetch(`${segue.url}/graphql`, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
      signal: leaving.signal,
    })
    await waitUntil(() => signals.length > 0)
    expect(signals[0]?.aborted).toBe(false)
    leaving.abort()
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    await waitUntil(() => signals[0]?.aborted === true)
    expect(segue.warnings).toEqual([])
  },
)

test('A6 a search stops by a complete for it over WebSocket, and others go on', async () => {
  const { segue, signals } = await newSearching()
  const socket = await socketTo(segue)
  const results: unknown[] = []
  socket.on('message', (data) => results.push(JSON.parse(String(data))))
  for (const id of ['a', 'b']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
  await waitUntil(() => signals.length === 2)
  socket.send(JSON.stringify({ id: 'a', type: 'complete' }))
  await waitUntil(() => signals[0]?.aborted === true)
  expect(signals[1]?.aborted).toBe(false)
  socket.send(JSON.stringify({ id: 'c', type: 'subscribe', payload: { query: '{ __typename }' } }))
  await waitUntil(() => results.length >= 2)
  expect(results).toMatchObject([
    { id: 'c', type: 'next' },
    { id: 'c', type: 'complete' },
  ])
  socket.close()
  await waitUntil(() => signals[1]?.aborted === true)
})

test.each(['close', 'terminate'] as const)('A6 the searches of a WebSocket stop with it (%s)', async (leave) => {
  const { segue, signals } = await newSearching()
  const socket = await socketTo(segue)
  for (const id of ['a', 'b']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
  await waitUntil(() => signals.length === 2)
  socket[leave]()
  await waitUntil(() => signals.every(({ aborted }) => aborted))
  expect(segue.warnings).toEqual([])
})

test('A6 of more than a hundred searches that wait one is RATE_LIMITED', async () => {
  const hermesHome = newTempFolder()
  const hermes = new HermesDb(join(hermesHome, 'state.db'), 'newest', 'delete')
  onTestFinished(() => rmSync(hermesHome, { recursive: true, force: true }))
  await using segue = await startTestSegue({ settings: { hermesHome } })
  // As long as somebody else has the file, searches wait for it.
  hermes.db.exec('BEGIN EXCLUSIVE')
  const { search: searches } = segue.defaultProfile.profile
  const needle: SearchRequest = { query: 'needle', filter: {}, after: null, before: null, limit: 1, backwards: false }
  const under = Array.from({ length: 104 }, () => searches.find(needle, new AbortController().signal))
  const { errors } = await request(segue.url, { query })
  expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }])
  hermes.db.exec('ROLLBACK')
  hermes.close()
  for (const found of await Promise.all(under)) expect(found.hits).toEqual([])
  expect((await request(segue.url, { query })).errors).toBeUndefined()
})

test('A7 a search that took too long tells how far it came', async () => {
  const { segue } = await newSearching()
  const key = (number: number): SearchKey => ({ rank: 'ALL_TERMS', at: number, origin: 'HERMES', number })
  const { search: searches } = segue.defaultProfile.profile
  vi.mocked(searches.find).mockImplementation(async ({ backwards }) => ({
    hits: [],
    searchedUpTo: key(backwards ? 7 : 5),
  }))
  const page = async (args: string): Promise<unknown> => {
    const info = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
    return (await request(segue.url, { query: `{ search(query: "needle", ${args}) { edges { cursor } ${info} } }` }))
      .data
  }
  const cursor = (number: number): string =>
    Buffer.from(JSON.stringify(['WORDS', number, 'HERMES', number])).toString('base64url')
  const before = { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: cursor(5) }
  expect(await page('first: 2')).toEqual({ search: { edges: [], pageInfo: before } })
  expect(await page(`first: 2, after: "${cursor(5)}"`)).toMatchObject({ search: { edges: [] } })
  expect(searches.find).toHaveBeenLastCalledWith(
    expect.objectContaining({ after: key(5), backwards: false }),
    expect.anything(),
  )
  const behind = { hasNextPage: false, hasPreviousPage: true, startCursor: cursor(7), endCursor: null }
  expect(await page('last: 2')).toEqual({ search: { edges: [], pageInfo: behind } })
})
