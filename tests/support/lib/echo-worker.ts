import { getHeapStatistics } from 'node:v8'
import { serveWorkerFunctions } from '../../../src/lib/worker/worker-server.ts'

export interface EchoWorkerFunctions {
  echo(value: unknown): unknown
  fail(): never
  exit(code: number): void
  /** Leaves some hundred megabytes behind. Returns what the heap of the thread holds then, in bytes. */
  leaveGarbage(): number
  readHeapBytes(): number
}

export interface EchoWorkerEvents {
  echoed(value: unknown): void
}

const functions: EchoWorkerFunctions = {
  echo(value) {
    void main.$callEvent('echoed', value)
    return value
  },
  fail() {
    throw new Error('broken')
  },
  exit(code) {
    process.exit(code)
  },
  leaveGarbage() {
    const kept: object[] = []
    for (let index = 0; index < 2_000_000; index += 1) kept.push({ index, name: String(index) })
    return getHeapStatistics().total_heap_size
  },
  readHeapBytes() {
    return getHeapStatistics().total_heap_size
  },
}
const main = serveWorkerFunctions<EchoWorkerEvents, EchoWorkerFunctions>(functions)
