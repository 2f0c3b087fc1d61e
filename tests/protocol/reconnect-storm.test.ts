import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { EventStream } from '../support/clients/event-stream.ts'
import { start } from '../support/server/post.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { trackServerConnections } from '../support/server/server-connections.ts'
import { followSessionQuery, followStreamQuery } from '../support/fixtures/delta-events.ts'
import { waitUntil } from '../support/wait-until.ts'

/** What keeps a process alive: sockets, servers, timers, each as often as it is there. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

test('R1 a thousand clients that connect, subscribe and vanish leave nothing behind, and the stream runs on', async () => {
  await using provided = await startSegueWithProvider()
  const { provider, segue } = provided
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'Once' }, { wait: held }, { text: ' more' }, { finish: 'stop' }])
  const { id, sessionId } = await start(segue.url, { text: 'Say it.' })
  using connections = trackServerConnections()

  // Half of them stay until they were told something, the others are gone before.
  const clients = [
    async (): Promise<void> => {
      const socket = await RawSocket.open(segue.url)
      socket.subscribe('a', followStreamQuery, { id })
      socket.subscribe('b', followSessionQuery, { id: sessionId })
      await socket.nextFor('b')
      socket.destroy()
    },
    async (): Promise<void> => {
      const socket = await RawSocket.open(segue.url)
      socket.subscribe('a', followSessionQuery, { id: sessionId })
      socket.destroy()
    },
    async (): Promise<void> => {
      const stream = await EventStream.open(segue.url, { query: followSessionQuery, variables: { id: sessionId } })
      await stream.next()
      stream.destroy()
    },
    async (): Promise<void> => {
      const request = EventStream.send(segue.url, { query: followStreamQuery, variables: { id } })
      await once(request, 'finish')
      request.destroy()
    },
  ]
  const storm = async (batches: number): Promise<void> => {
    for (let batch = 0; batch < batches; batch += 1) {
      await Promise.all(Array.from({ length: 25 }, () => clients.map((client) => client())).flat())
    }
    await waitUntil(
      () => connections.openSockets.length === 0 && segue.defaultProfile.chats.eventLog.stats.waiting === 0,
    )
  }

  await storm(1)
  const before = { handles: handles(), heap: heapUsed() }
  await storm(9)
  expect(connections.count).toBe(1000)
  await waitUntil(() => (handles()['Timeout'] ?? 0) <= (before.handles['Timeout'] ?? 0), handles)
  await waitUntil(() => (handles()['TCPSocketWrap'] ?? 0) <= (before.handles['TCPSocketWrap'] ?? 0), handles)
  expect(handles()['TCPServerWrap']).toBe(before.handles['TCPServerWrap'])
  expect(segue.defaultProfile.chats.eventLog.stats).toEqual({ sessions: 1, waiting: 0 })
  // One client's socket, operations and buffers are more than ten times this.
  expect((heapUsed() - before.heap) / 1000).toBeLessThan(4096)

  const reader = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
  await reader.next()
  go()
  expect((await reader.readToEnd()).at(-1)?.event).toBe('complete')
  await waitUntil(() => segue.defaultProfile.chats.eventLog.stats.sessions === 0)
  expect(segue.warnings).toEqual([])
})
