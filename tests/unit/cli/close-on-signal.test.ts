import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { closeOnSignal } from '../../../src/cli/close-on-signal.ts'
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

test.each(['SIGTERM', 'SIGINT'])('%s closes the server and exits with status 0', async (signal) => {
  closeOnSignal(async () => void logged.push('closed'), log, source)
  source.emit(signal, signal)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(logged).toEqual(['info: Stopping.', 'closed'])
  expect(source.exitCodes).toEqual([0])
})

test('a second signal is ignored', async () => {
  closeOnSignal(async () => void logged.push('closed'), log, source)
  for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM']) source.emit(signal, signal)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(logged).toEqual(['info: Stopping.', 'closed'])
  expect(source.exitCodes).toEqual([0])
})

test('a shutdown that takes longer than 1.5 seconds logs a warning and exits with status 1', async () => {
  closeOnSignal(() => new Promise(() => undefined), log, source)
  source.emit('SIGTERM', 'SIGTERM')
  await vi.advanceTimersByTimeAsync(1499)
  expect(source.exitCodes).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(logged).toEqual(['info: Stopping.', 'warn: The shutdown timed out. Exiting anyway.'])
  expect(source.exitCodes).toEqual([1])
})

test('a shutdown that fails logs the error and exits with status 1', async () => {
  closeOnSignal(() => Promise.reject(new Error('The disk is full.')), log, source)
  source.emit('SIGTERM', 'SIGTERM')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(logged).toEqual(['info: Stopping.', 'error: The shutdown failed.'])
  expect(source.exitCodes).toEqual([1])
})
