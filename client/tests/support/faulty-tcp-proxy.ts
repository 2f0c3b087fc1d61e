import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { SeededRandom } from '../../../tests/chaos/seeded-random.ts'

export interface FaultyTcpProxy extends AsyncDisposable {
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string
  /** How many connections had a fault. */
  readonly faultCount: number
}

export interface FaultyTcpProxyOptions {
  readonly random: SeededRandom
  /** Connections after these have no faults, so that everything ends. */
  readonly maxFaults: number
}

/** What becomes of a connection. */
type Fault =
  | 'none'
  /** It is reset as soon as it is accepted. */
  | 'refuse'
  /** The bytes of one direction end anywhere, also in the middle of a frame: by a reset, or as if they were complete. */
  | 'cut'
  /** Nothing passes any more, and nobody is told. */
  | 'withhold'

/** A proxy whose connections delay, truncate, drop and lose what they carry, at random. */
export async function startFaultyTcpProxy(target: string, options: FaultyTcpProxyOptions): Promise<FaultyTcpProxy> {
  const { hostname, port } = new URL(target)
  const { random, maxFaults } = options
  const sockets = new Set<Socket>()
  let faultCount = 0
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const fault: Fault =
      faultCount < maxFaults ? random.pick(['none', 'refuse', 'cut', 'cut', 'cut', 'withhold']) : 'none'
    if (fault !== 'none') faultCount += 1
    client.on('error', () => undefined)
    if (fault === 'refuse') return void client.resetAndDestroy()
    const server = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    const isRequestFaulty = random.chance(0.3)
    new FaultyDirection(client, server, isRequestFaulty ? fault : 'none', random.fork()).start()
    new FaultyDirection(server, client, isRequestFaulty ? 'none' : fault, random.fork()).start()
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    get faultCount() {
      return faultCount
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(proxy, 'close')
      proxy.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** The bytes of a connection in one direction. */
class FaultyDirection {
  readonly #from: Socket
  readonly #to: Socket
  readonly #fault: Fault
  readonly #random: SeededRandom
  readonly #delayMs: number
  /** What passes before the fault. */
  #remainingBytes: number

  constructor(from: Socket, to: Socket, fault: Fault, random: SeededRandom) {
    this.#from = from
    this.#to = to
    this.#fault = fault
    this.#random = random
    this.#delayMs = random.chance(0.3) ? random.between(1, 15) : 0
    this.#remainingBytes = fault === 'none' ? Infinity : random.between(0, random.chance(0.5) ? 600 : 6000)
  }

  start(): void {
    const [from, to] = [this.#from, this.#to]
    from.on('data', (chunk: Buffer) => this.#pass(chunk))
    from.on('end', () => this.#delay(() => to.end()))
    from.on('close', () => this.#delay(() => to.destroy()))
  }

  #pass(chunk: Buffer): void {
    const passed = chunk.subarray(0, this.#remainingBytes)
    const isBroken = passed.length < chunk.length && this.#remainingBytes > -Infinity
    this.#remainingBytes -= passed.length
    if (passed.length > 0) this.#delay(() => this.#to.write(passed))
    if (!isBroken || this.#fault !== 'cut') return
    this.#remainingBytes = 0
    const isReset = this.#random.chance(0.5)
    this.#delay(() => {
      for (const socket of [this.#to, this.#from]) {
        if (isReset) socket.resetAndDestroy()
        else socket.destroySoon()
      }
    })
  }

  /** All with the same delay, so that the order stays. */
  #delay(action: () => void): void {
    if (this.#delayMs === 0) action()
    else setTimeout(action, this.#delayMs)
  }
}
