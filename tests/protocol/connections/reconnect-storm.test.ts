import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { EventStream } from '../../support/clients/event-stream.ts'
import { start } from '../../support/server/post.ts'
import { startSegueWithProvider } from '../../support/server/segue-with-provider.ts'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { trackServerConnections } from '../../support/server/server-connections.ts'
import { followSessionQuery, followStreamQuery } from '../../support/fixtures/delta-events.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** The number of active resources of each type: sockets, servers, timers. */
function countResources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

function measureHeap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

test(
  'R1 a thousand clients that connect, subscribe and vanish leave nothing behind, and the stream continues',
  { timeout: 60_000 },
  async () => {
    await using provided = await startSegueWithProvider()
    const { provider, segue } = provided
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Once' }, { wait: released }, { text: ' more' }, { finish: 'stop' }])
    const { id, sessionId } = await start(segue.url, { text: 'Say it.' })
    // The connection to the provider stays while the answer is written.
    await provider.waitForRequest(0)
    using connections = trackServerConnections()

    // Half of the clients disconnect after their first event, the others before it.
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
    const runClients = async (batches: number): Promise<void> => {
      for (let batch = 0; batch < batches; batch += 1) {
        await Promise.all(Array.from({ length: 25 }, () => clients.map((client) => client())).flat())
      }
      await waitUntil(
        () => connections.openSockets.length === 0 && segue.defaultProfile.chats.eventLog.stats.waiting === 0,
      )
    }

    await runClients(1)
    const before = { resources: countResources(), heap: measureHeap() }
    await runClients(9)
    expect(connections.count).toBe(1000)
    await waitUntil(() => (countResources()['Timeout'] ?? 0) <= (before.resources['Timeout'] ?? 0), countResources)
    await waitUntil(
      () => (countResources()['TCPSocketWrap'] ?? 0) <= (before.resources['TCPSocketWrap'] ?? 0),
      countResources,
    )
    expect(countResources()['TCPServerWrap']).toBe(before.resources['TCPServerWrap'])
    expect(segue.defaultProfile.chats.eventLog.stats).toEqual({ sessions: 1, waiting: 0, observers: 0 })
    // Bytes per client. The socket, operations and buffers of one client are more than ten times as large.
    expect((measureHeap() - before.heap) / 1000).toBeLessThan(4096)

    const reader = await EventStream.open(segue.url, { query: followStreamQuery, variables: { id } })
    await reader.next()
    release()
    expect((await reader.readToEnd()).at(-1)?.event).toBe('complete')
    await waitUntil(() => segue.defaultProfile.chats.eventLog.stats.sessions === 0)
    expect(segue.warnings).toEqual([])
  },
)
