import { describe, expect, test } from 'vitest'
import { mergeAsyncIterables } from '../../../../../src/lib/async/iterables/merge-async-iterables.ts'
import { yieldToEventLoop } from '../../../../../src/lib/async/yield-to-event-loop.ts'
import { newLatch } from '../../../../support/fixtures/chats/agent-chats.ts'

type Source = AsyncGenerator<string, void, void>

/** Yields each value once its promise resolves, and records how it ended. */
async function* newSource(events: string[], name: string, ...values: readonly (string | Promise<string>)[]): Source {
  try {
    for (const value of values) yield await value
    events.push(`${name} completed`)
  } finally {
    events.push(`${name} closed`)
  }
}

describe('merging', () => {
  test('yields values as they arrive, those of each source in order', async () => {
    const latch = newLatch()
    const slow = latch.opened.then(() => 'slow')
    const values: string[] = []
    const sources = [newSource([], 'a', slow, 'last'), newSource([], 'b', 'x', 'y', 'z')]
    for await (const value of mergeAsyncIterables(sources)) {
      values.push(value)
      if (value === 'z') latch.open()
    }
    expect(values).toEqual(['x', 'y', 'z', 'slow', 'last'])
  })

  test('starts all sources at once, and reads the next value of one only after the previous one was taken', async () => {
    const produced: string[] = []
    async function* newCountingSource(name: string): Source {
      for (const part of ['1', '2']) {
        produced.push(name + part)
        yield name + part
      }
    }
    const merged = mergeAsyncIterables([newCountingSource('a'), newCountingSource('b')])
    expect((await merged.next()).value).toBe('a1')
    expect(produced).toEqual(['a1', 'b1'])
    expect((await merged.next()).value).toBe('b1')
    expect(produced).toEqual(['a1', 'b1', 'a2'])
    await merged.return()
  })

  test('completes at once without sources', async () => {
    expect(await Array.fromAsync(mergeAsyncIterables([]))).toEqual([])
  })
})

describe('the other sources', () => {
  test('are closed when one throws, and the error is passed on', async () => {
    const events: string[] = []
    async function* newFailingSource(): Source {
      yield 'before the failure'
      throw new Error('broken')
    }
    const values: string[] = []
    const readAll = async () => {
      const sources = [newSource(events, 'a', 'x', 'y', 'z'), newFailingSource()]
      for await (const value of mergeAsyncIterables(sources)) values.push(value)
    }
    await expect(readAll()).rejects.toThrow('broken')
    expect(values).toContain('before the failure')
    await Promise.resolve()
    expect(events).toEqual(['a closed'])
  })

  test('are closed when the consumer stops; one that waits for a value is closed after that', async () => {
    const events: string[] = []
    const latch = newLatch()
    const late = latch.opened.then(() => 'late')
    const merged = mergeAsyncIterables([newSource(events, 'stuck', late, 'more'), newSource(events, 'a', 'x', 'y')])
    for await (const value of merged) {
      expect(value).toBe('x')
      break
    }
    expect(events).toEqual(['a closed'])
    latch.open()
    await yieldToEventLoop()
    expect(events).toEqual(['a closed', 'stuck closed'])
  })

  test('may throw when they are closed, without an unhandled rejection', async () => {
    async function* newSourceThatFailsToClose(): Source {
      try {
        yield 'x'
        yield 'y'
      } finally {
        // oxlint-disable-next-line no-unsafe-finally
        throw new Error('closing failed')
      }
    }
    for await (const value of mergeAsyncIterables([newSourceThatFailsToClose(), newSource([], 'a', 'z')])) {
      expect(value).toBe('x')
      break
    }
    await yieldToEventLoop()
  })
})
