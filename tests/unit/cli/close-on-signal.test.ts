import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { closeOnSignal } from '../../../src/cli/process/close-on-signal.ts'
import { silentLogger } from '../../../src/lib/logger.ts'

/** Stands for the process: takes signals, and records the statuses that it should exit with. */
class FakeProcess extends EventEmitter {
  readonly exitCodes: number[] = []
  exit(code: number): void {
    this.exitCodes.push(code)
  }
}

let source: FakeProcess
let logged: string[]
const log = {
  ...silentLogger,
  info: (_: object, message: string) => void logged.push(`info: ${message}`),
  warn: (_: object, message: string) => void logged.push(`warn: ${message}`),
  error: (_: object, message: string) => void logged.push(`error: ${message}`),
}

beforeEach(() => {
  vi.useFakeTimers()
  source = new FakeProcess()
  logged = []
})
afterEach(() => void vi.useRealTimers())

/** Has the process closed on a signal, with a grace period of five seconds. */
function start(close: (graceMs: number) => Promise<void>): void {
  closeOnSignal({ close, graceMs: 5000, log, source })
}

const send = (signal: NodeJS.Signals): boolean => source.emit(signal, signal)

test.each<[NodeJS.Signals, number]>([
  ['SIGTERM', 5000],
  ['SIGINT', 0],
])('%s closes the server with a grace of %d ms, and exits with status 0', async (signal, graceMs) => {
  start(async (given) => void logged.push(`closed with ${given}`))
  send(signal)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(logged).toEqual(['info: Stopping.', `closed with ${graceMs}`])
  expect(source.exitCodes).toEqual([0])
})

test.each<[NodeJS.Signals, NodeJS.Signals]>([
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
])('a %s that is followed by a %s ends the process at once, with status 1', (first, second) => {
  start(() => new Promise(() => undefined))
  send(first)
  send(second)
  expect(source.exitCodes).toEqual([1])
  expect(logged).toEqual(['info: Stopping.', 'warn: A second signal arrived. Exiting at once.'])
})

test('a Ctrl-C that npm passes on a second time is one signal; the next Ctrl-C is the second', async () => {
  start(() => new Promise(() => undefined))
  send('SIGINT')
  await vi.advanceTimersByTimeAsync(299)
  send('SIGINT')
  expect(source.exitCodes).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  send('SIGINT')
  expect(source.exitCodes).toEqual([1])
})

test('a shutdown that takes longer than its grace and 1.5 seconds logs a warning and exits with status 1', async () => {
  start(() => new Promise(() => undefined))
  send('SIGTERM')
  await vi.advanceTimersByTimeAsync(6499)
  expect(source.exitCodes).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(logged).toEqual(['info: Stopping.', 'warn: The shutdown timed out. Exiting anyway.'])
  expect(source.exitCodes).toEqual([1])
})

test('a shutdown that fails logs the error and exits with status 1', async () => {
  start(() => Promise.reject(new Error('The disk is full.')))
  send('SIGTERM')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(logged).toEqual(['info: Stopping.', 'error: The shutdown failed.'])
  expect(source.exitCodes).toEqual([1])
})
