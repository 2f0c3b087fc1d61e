import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'

const usageSchema = z.object({ result: z.object({ usedSize: z.number() }) })

/** Starts a process so that its heap can be measured. For the environment of the process. */
export const heapSamplerEnv: Readonly<Record<string, string>> = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

/** Measures the heap of another process, through its inspector. */
export class HeapSampler {
  readonly #socket: WebSocket
  #id = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  /** @param stderr What the process has written, where Node says how to reach the inspector. */
  static async connect(stderr: string): Promise<HeapSampler> {
    const url = /Debugger listening on (ws:\S+)/.exec(stderr)?.[1]
    if (url === undefined) throw new Error('The process has no inspector.')
    const socket = new WebSocket(url)
    await once(socket, 'open')
    return new HeapSampler(socket)
  }

  /** The size of the heap after a garbage collection, in megabytes. */
  async measure(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage')
    const { usedSize } = usageSchema.parse(await this.#call('Runtime.getHeapUsage')).result
    return Math.round(usedSize / 100_000) / 10
  }

  close(): void {
    this.#socket.terminate()
  }

  async #call(method: string): Promise<unknown> {
    const id = (this.#id += 1)
    this.#socket.send(JSON.stringify({ id, method }))
    for (;;) {
      const [data]: unknown[] = await once(this.#socket, 'message')
      const message = z.looseObject({ id: z.number().optional() }).parse(JSON.parse(String(data)))
      if (message.id === id) return message
    }
  }
}
