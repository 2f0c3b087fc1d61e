import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'

const messageSchema = z.looseObject({ id: z.number().optional() })
const usageSchema = z.object({ result: z.object({ usedSize: z.number() }) })

/** Starts a process so that its heap can be measured. For the environment of the process. */
export const heapSamplerEnv: Readonly<Record<string, string>> = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

/**
 * Measures the heap of another process after a garbage collection, through its inspector, in megabytes. 0 if the process
 * has ended. The connection is not kept: a process that fails would wait for its end.
 *
 * @param stderr What the process has written, where Node says how to reach the inspector.
 */
export async function measureHeap(stderr: string): Promise<number> {
  // A server that has restarted itself with settings of malloc has said it twice.
  const url = [...stderr.matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)?.[1]
  if (url === undefined) throw new Error('The process has no inspector.')
  const socket = new WebSocket(url)
  try {
    await once(socket, 'open')
    await call(socket, 1, 'HeapProfiler.collectGarbage')
    const { usedSize } = usageSchema.parse(await call(socket, 2, 'Runtime.getHeapUsage')).result
    return Math.round(usedSize / 100_000) / 10
  } catch {
    return 0
  } finally {
    socket.terminate()
  }
}

/** Resolves to null if the connection is lost. */
function call(socket: WebSocket, id: number, method: string): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  socket.on('message', (data) => {
    const message = messageSchema.parse(JSON.parse(String(data)))
    if (message.id === id) resolve(message)
  })
  socket.once('close', () => resolve(null))
  socket.send(JSON.stringify({ id, method }))
  return promise
}
