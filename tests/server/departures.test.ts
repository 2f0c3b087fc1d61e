import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { SearchPage } from '../../src/storage/search/search-hit.ts'
import { newSegue, type TestSegue } from '../support/segue.ts'
import { until } from '../support/until.ts'

const query = '{ search(query: "needle") { edges { cursor } } }'

let segue: TestSegue
/** The signals of the searches that run, which end when nobody waits for them any more. */
let signals: AbortSignal[]

beforeEach(async () => {
  segue = await newSegue()
  signals = []
  vi.spyOn(segue.domain.profile.searches, 'find').mockImplementation((_, signal) => {
    signals.push(signal)
    const { promise, resolve } = Promise.withResolvers<SearchPage>()
    signal.addEventListener('abort', () => resolve({ hits: [], reached: null }))
    return promise
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await segue[Symbol.asyncDispose]()
})

const running = () => until(() => signals.length > 0)
const allStopped = () => until(() => signals.every(({ aborted }) => aborted))

describe('a search stops when its client leaves', () => {
  test.each(['application/json', 'text/event-stream'])('over HTTP, as %s', async (accept) => {
    const leaving = new AbortController()
    const headers = { accept, 'content-type': 'application/json' }
    const asked = fetch(`${segue.url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
      signal: leaving.signal,
    })
    await running()
    expect(signals[0]?.aborted).toBe(false)
    leaving.abort()
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    await allStopped()
    expect(segue.warnings).toEqual([])
  })

  test('over WebSocket, by a complete for it alone', async () => {
    const socket = await opened()
    const results: unknown[] = []
    socket.on('message', (data) => results.push(JSON.parse(String(data))))
    for (const id of ['a', 'b']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
    await until(() => signals.length === 2)
    socket.send(JSON.stringify({ id: 'a', type: 'complete' }))
    await until(() => signals[0]?.aborted === true)
    expect(signals[1]?.aborted).toBe(false)
    socket.send(JSON.stringify({ id: 'c', type: 'subscribe', payload: { query: '{ __typename }' } }))
    await until(() => results.length >= 2)
    expect(results).toMatchObject([
      { id: 'c', type: 'next' },
      { id: 'c', type: 'complete' },
    ])
    socket.close()
    await allStopped()
  })

  test.each(['close', 'terminate'] as const)('over WebSocket, with its socket (%s)', async (leave) => {
    const socket = await opened()
    for (const id of ['a', 'b']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
    await until(() => signals.length === 2)
    socket[leave]()
    await allStopped()
    expect(segue.warnings).toEqual([])
  })
})

async function opened(): Promise<WebSocket> {
  const socket = new WebSocket(`${segue.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init' }))
  await once(socket, 'message')
  return socket
}
