import { describe, expect, test } from 'vitest'
import { mergeAsyncIterables } from '../../../src/lib/merge-async-iterables.ts'
import { newLatch } from '../../support/fixtures/agent-chats.ts'
import { yieldToEventLoop } from '../../../src/lib/yield-to-event-loop.ts'

type Source = AsyncGenerator<string, void, void>

/** Yields each value once its promise resolves, and tells how it was left. */
async function* source(left: string[], name: string, ...values: readonly (string | Promise<string>)[]): Source {
  try {
    for (const value of values) yield await value
    left.push(`${name} ended`)
  } finally {
    left.push(`${name} left`)
  }
}

describe('several sources', () => {
  test('are told as their values come, those of each in order', async () => {
    const first = newLatch()
    const slow = first.opened.then(() => 'slow')
    const told: string[] = []
    for await (const value of mergeAsyncIterables([source([], 'a', slow, 'last'), source([], 'b', 'x', 'y', 'z')])) {
      told.push(value)
      if (value === 'z') first.open()
    }
    expect(told).toEqual(['x', 'y', 'z', 'slow', 'last'])
  })

  test('are all begun at once, and each is asked for its next value only when the one before was taken', async () => {
    const begun: string[] = []
    async function* counting(name: string): Source {
      for (const part of ['1', '2']) {
        begun.push(name + part)
        yield name + part
      }
    }
    const both = mergeAsyncIterables([counting('a'), counting('b')])
    expect((await both.next()).value).toBe('a1')
    expect(begun).toEqual(['a1', 'b1'])
    expect((await both.next()).value).toBe('b1')
    expect(begun).toEqual(['a1', 'b1', 'a2'])
    await both.return()
  })

  test('that are none end at once', async () => {
    expect(await Array.fromAsync(mergeAsyncIterables([]))).toEqual([])
  })
})

describe('the others', () => {
  test('are left when one throws, and what it threw is thrown', async () => {
    const left: string[] = []
    async function* broken(): Source {
      yield 'about to break'
      throw new Error('it broke')
    }
    const told: string[] = []
    const all = async () => {
      for await (const value of mergeAsyncIterables([source(left, 'a', 'x', 'y', 'z'), broken()])) told.push(value)
    }
    await expect(all()).rejects.toThrow('it broke')
    expect(told).toContain('about to break')
    await Promise.resolve()
    expect(left).toEqual(['a left'])
  })

  test('are left when the reader leaves; one in the middle of something hears of it after that', async () => {
    const left: string[] = []
    const stuck = newLatch()
    const both = mergeAsyncIterables([
      source(
        left,
        'stuck',
        stuck.opened.then(() => 'late'),
        'more',
      ),
      source(left, 'a', 'x', 'y'),
    ])
    for await (const value of both) {
      expect(value).toBe('x')
      break
    }
    expect(left).toEqual(['a left'])
    stuck.open()
    await yieldToEventLoop()
    expect(left).toEqual(['a left', 'stuck left'])
  })

  test('may throw when they are left, and nobody is troubled with that', async () => {
    async function* sore(): Source {
      try {
        yield 'x'
        yield 'y'
      } finally {
        // oxlint-disable-next-line no-unsafe-finally
        throw new Error('it did not want to be left')
      }
    }
    for await (const value of mergeAsyncIterables([sore(), source([], 'a', 'z')])) {
      expect(value).toBe('x')
      break
    }
    await yieldToEventLoop()
  })
})
