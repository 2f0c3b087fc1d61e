import { expect, test } from 'vitest'
import { readInBatches } from '../../../../../src/lib/async/iterables/read-in-batches.ts'
import { yieldToEventLoop } from '../../../../../src/lib/async/yield-to-event-loop.ts'

/** Yields numbers from 1 on, and remembers how many were asked for and whether it was closed. */
function newSource(count: number, error: Error | null = null) {
  const state = { asked: 0, isClosed: false }
  async function* generate() {
    try {
      while (state.asked < count) yield (state.asked += 1)
      if (error) throw error
    } finally {
      state.isClosed = true
    }
  }
  return { state, source: generate() }
}

test('what comes while the consumer is busy is one batch', async () => {
  const { source } = newSource(5)
  const batches = readInBatches(source, 10)
  const first = (await batches.next()).value ?? []
  await yieldToEventLoop()
  const second = (await batches.next()).value ?? []
  expect([...first, ...second]).toEqual([1, 2, 3, 4, 5])
  expect(second.length).toBeGreaterThan(1)
  expect(await batches.next()).toEqual({ value: undefined, done: true })
})

test('no more than the largest batch is read ahead', async () => {
  const { source, state } = newSource(100)
  const batches = readInBatches(source, 4)
  await batches.next()
  await yieldToEventLoop()
  expect(state.asked).toBeLessThanOrEqual(8)
  const all = (await Array.fromAsync(batches)).flat()
  expect(all.at(-1)).toBe(100)
})

test('an error comes after the values before it', async () => {
  const { source } = newSource(2, new Error('broken'))
  const received: number[] = []
  const reading = async () => {
    for await (const batch of readInBatches(source, 10)) received.push(...batch)
  }
  await expect(reading()).rejects.toThrow('broken')
  expect(received).toEqual([1, 2])
})

test('a consumer that stops early closes the source', async () => {
  const { source, state } = newSource(100)
  for await (const batch of readInBatches(source, 4)) if (batch.length > 0) break
  await yieldToEventLoop()
  expect(state.isClosed).toBe(true)
})
