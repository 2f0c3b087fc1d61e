import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { SearchHitSortKey, SearchPage, SearchRequest } from '../../src/search/search-hit.ts'
import { request } from '../support/server/graphql-request.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { waitUntil } from '../support/wait-until.ts'
import { usesPostgres } from '../support/postgres/database-of-home.ts'

const query = '{ search(query: "needle") { edges { cursor } } }'

interface PendingSearches {
  readonly segue: TestSegue
  /** The abort signal of each running search. */
  readonly signals: AbortSignal[]
}

/** A server whose searches end only when they are aborted. It is closed when the test has finished. */
async function startPendingSearches(): Promise<PendingSearches> {
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

async function openSocket({ url }: TestSegue): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init' }))
  await once(socket, 'message')
  return socket
}

test.each(['application/json', 'text/event-stream'])(
  'A6 a search is aborted when its client disconnects (%s)',
  async (accept) => {
    const { segue, signals } = await startPendingSearches()
    const disconnect = new AbortController()
    const response = fetch(`${segue.url}/graphql`, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
      signal: disconnect.signal,
    })
    await waitUntil(() => signals.length > 0)
    expect(signals[0]?.aborted).toBe(false)
    disconnect.abort()
    await expect(response).rejects.toMatchObject({ name: 'AbortError' })
    await waitUntil(() => signals[0]?.aborted === true)
    expect(segue.warnings).toEqual([])
  },
)

test.skipIf(usesPostgres)('A6 a complete message aborts its search and no other', async () => {
  const { segue, signals } = await startPendingSearches()
  const socket = await openSocket(segue)
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

test.each(['close', 'terminate'] as const)(
  'A6 the searches of a WebSocket are aborted when it closes (%s)',
  async (method) => {
    const { segue, signals } = await startPendingSearches()
    const socket = await openSocket(segue)
    for (const id of ['a', 'b']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
    await waitUntil(() => signals.length === 2)
    socket[method]()
    await waitUntil(() => signals.every(({ aborted }) => aborted))
    expect(segue.warnings).toEqual([])
  },
)

// The process that publishes Hermes' sessions waits for the locked file as well; see postgres-search.test.ts.
test.skipIf(usesPostgres)('A6 a search above four running and 100 queued ones is RATE_LIMITED', async () => {
  const hermesHome = newTempFolder()
  const hermes = new HermesDb(join(hermesHome, 'state.db'), 'newest', 'delete')
  onTestFinished(() => rmSync(hermesHome, { recursive: true, force: true }))
  await using segue = await startTestSegue({ settings: { hermesHome } })
  // Searches wait while another connection has locked the file.
  hermes.db.exec('BEGIN EXCLUSIVE')
  const { search: searches } = segue.defaultProfile.profile
  const needle: SearchRequest = { query: 'needle', filter: {}, after: null, before: null, limit: 1, backwards: false }
  const pending = Array.from({ length: 104 }, () => searches.find(needle, new AbortController().signal))
  const { errors } = await request(segue.url, { query })
  expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }])
  hermes.db.exec('ROLLBACK')
  hermes.close()
  for (const page of await Promise.all(pending)) expect(page.hits).toEqual([])
  expect((await request(segue.url, { query })).errors).toBeUndefined()
})

test('A7 a search that ran out of time returns the cursor from which to resume', async () => {
  const { segue } = await startPendingSearches()
  const key = (number: number): SearchHitSortKey => ({ rank: 'ALL_TERMS', at: number, origin: 'HERMES', number })
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
  const forwards = { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: cursor(5) }
  expect(await page('first: 2')).toEqual({ search: { edges: [], pageInfo: forwards } })
  expect(await page(`first: 2, after: "${cursor(5)}"`)).toMatchObject({ search: { edges: [] } })
  expect(searches.find).toHaveBeenLastCalledWith(
    expect.objectContaining({ after: key(5), backwards: false }),
    expect.anything(),
  )
  const backwards = { hasNextPage: false, hasPreviousPage: true, startCursor: cursor(7), endCursor: null }
  expect(await page('last: 2')).toEqual({ search: { edges: [], pageInfo: backwards } })
})
