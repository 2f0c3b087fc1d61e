import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'

const messageSchema = z.looseObject({ id: z.number().optional() })
const usageSchema = z.object({ result: z.object({ usedSize: z.number() }) })

/** Starts a process so that its heap can be measured. For the environment of the process. */
export const heapSamplerEnv: Readonly<Record<string, string>> = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

/** Measures the heap of another process, through its inspector. */
export class HeapSampler {
  readonly #socket: WebSocket
  /** Several workers measure at the same time. */
  readonly #pending = new Map<number, (message: unknown) => void>()
  #id = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#onMessage(String(data)))
    socket.on('close', () => {
      for (const resolve of this.#pending.values()) resolve(null)
    })
  }

  /** @param stderr What the process has written, where Node says how to reach the inspector. */
  static async connect(stderr: string): Promise<HeapSampler> {
    const url = /Debugger listening on (ws:\S+)/.exec(stderr)?.[1]
    if (url === undefined) throw new Error('The process has no inspector.')
    const socket = new WebSocket(url)
    await once(socket, 'open')
    return new HeapSampler(socket)
  }

  /** The size of the heap after a garbage collection, in megabytes. 0 if the process has ended. */
  async measure(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage')
    const usedSize = usageSchema.safeParse(await this.#call('Runtime.getHeapUsage')).data?.result.usedSize ?? 0
    return Math.round(usedSize / 100_000) / 10
  }

  close(): void {
    this.#socket.terminate()
  }

  #call(method: string): Promise<unknown> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve(null)
    const id = (this.#id += 1)
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.#pending.set(id, resolve)
    this.#socket.send(JSON.stringify({ id, method }))
    return promise
  }

  #onMessage(text: string): void {
    const message = messageSchema.parse(JSON.parse(text))
    if (message.id === undefined) return
    this.#pending.get(message.id)?.(message)
    this.#pending.delete(message.id)
  }
}
