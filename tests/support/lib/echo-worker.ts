import { serveWorkerFunctions } from '../../../src/lib/worker/worker-server.ts'

export interface EchoWorkerFunctions {
  echo(value: unknown): unknown
  fail(): never
  exit(code: number): void
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
}
const main = serveWorkerFunctions<EchoWorkerEvents, EchoWorkerFunctions>(functions)
