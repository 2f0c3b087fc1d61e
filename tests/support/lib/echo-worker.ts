import { parentPort } from 'node:worker_threads'
import { createBirpc } from 'birpc'

export interface EchoWorkerFunctions {
  echo(value: unknown): unknown
  fail(): never
  exit(code: number): void
}

export interface EchoWorkerEvents {
  echoed(value: unknown): void
}

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread.')

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
const main = createBirpc<EchoWorkerEvents, EchoWorkerFunctions>(functions, {
  post: (message) => port.postMessage(message),
  on: (listener) => port.on('message', listener),
})
