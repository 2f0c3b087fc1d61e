import { expect, test } from 'vitest'
import { ProviderRequestQueue } from '../../../../../src/agent/providers/http/provider-request-queue.ts'
import { yieldToEventLoop } from '../../../../../src/lib/async/yield-to-event-loop.ts'

/** A queue, and the names of the requests that have started, in order. */
function newQueue(maxConcurrent: number | null) {
  const queue = new ProviderRequestQueue(maxConcurrent)
  const started: string[] = []
  const releases = new Map<string, () => void>()
  const request = async (
    name: string,
    priority: 'answer' | 'background' = 'answer',
    signal: AbortSignal | null = null,
  ) => {
    const release = await queue.acquire(priority, signal)
    started.push(name)
    releases.set(name, release)
  }
  const end = async (name: string) => {
    releases.get(name)?.()
    await yieldToEventLoop()
  }
  return { started, request, end }
}

test('without a bound, every request starts at once', async () => {
  const { started, request } = newQueue(null)
  await Promise.all(['a', 'b', 'c'].map((name) => request(name)))
  expect(started).toEqual(['a', 'b', 'c'])
})

test('requests beyond the bound start in order as others end', async () => {
  const { started, request, end } = newQueue(2)
  const all = ['a', 'b', 'c', 'd'].map((name) => request(name))
  await yieldToEventLoop()
  expect(started).toEqual(['a', 'b'])
  await end('b')
  expect(started).toEqual(['a', 'b', 'c'])
  await end('b')
  expect(started).toEqual(['a', 'b', 'c'])
  await end('a')
  await Promise.all(all)
  expect(started).toEqual(['a', 'b', 'c', 'd'])
})

test('a title waits behind answers that came later, and interrupts none', async () => {
  const { started, request, end } = newQueue(1)
  const all = [request('first'), request('title', 'background'), request('second'), request('third')]
  await yieldToEventLoop()
  for (const name of ['first', 'second', 'third']) await end(name)
  await Promise.all(all)
  expect(started).toEqual(['first', 'second', 'third', 'title'])
})

test('an aborted request leaves the queue at once, and takes no place', async () => {
  const { started, request, end } = newQueue(1)
  const controller = new AbortController()
  await request('first')
  const aborted = request('aborted', 'answer', controller.signal)
  const last = request('last')
  controller.abort(new Error('stopped'))
  await expect(aborted).rejects.toThrow('stopped')
  await expect(request('late', 'answer', controller.signal)).rejects.toThrow('stopped')
  await end('first')
  await last
  expect(started).toEqual(['first', 'last'])
})
