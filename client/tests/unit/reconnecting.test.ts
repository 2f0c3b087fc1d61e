import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Backoff } from '../../src/connection/backoff.ts'
import { IdleTimeout } from '../../src/connection/idle-timeout.ts'
import { defaultReconnectOptions } from '../../src/connection/reconnect-options.ts'

/** A page, as far as the library looks at it. */
class FakePage extends EventTarget {
  visibilityState: DocumentVisibilityState = 'hidden'
}

let page: FakePage
let onIdle: ReturnType<typeof vi.fn<() => void>>

beforeEach(() => {
  page = new FakePage()
  onIdle = vi.fn<() => void>()
  vi.useFakeTimers()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a connection', () => {
  test('is dead when nothing has arrived for too long', () => {
    const idle = new IdleTimeout({ timeoutMs: 15_000 }, onIdle)
    vi.advanceTimersByTime(14_000)
    idle.touch()
    vi.advanceTimersByTime(14_999)
    expect(onIdle).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onIdle).toHaveBeenCalledOnce()
  })

  test('is dead at once when a page wakes up that was frozen for longer', () => {
    const idle = new IdleTimeout({ timeoutMs: 15_000, wakeTimeoutMs: 6000 }, onIdle)
    // The clock goes on, the timers of a frozen page do not.
    vi.setSystemTime(Date.now() + 20_000)
    page.dispatchEvent(new Event('resume'))
    expect(onIdle).toHaveBeenCalledOnce()
    idle.stop()
  })

  test('has to show soon that it is alive when a page wakes up', () => {
    const idle = new IdleTimeout({ timeoutMs: 15_000, wakeTimeoutMs: 6000 }, onIdle)
    page.visibilityState = 'visible'
    page.dispatchEvent(new Event('visibilitychange'))
    vi.advanceTimersByTime(5999)
    expect(onIdle).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onIdle).toHaveBeenCalledOnce()
    idle.stop()
  })

  test('is dead soon after the clock of the machine was set back', () => {
    const idle = new IdleTimeout({ timeoutMs: 15_000 }, onIdle)
    vi.setSystemTime(Date.now() - 3_600_000)
    vi.advanceTimersByTime(30_000)
    expect(onIdle).toHaveBeenCalledOnce()
    idle.stop()
  })

  test('is not watched any more when it has ended', () => {
    new IdleTimeout({ timeoutMs: 15_000, wakeTimeoutMs: 6000 }, onIdle).stop()
    vi.advanceTimersByTime(60_000)
    page.dispatchEvent(new Event('online'))
    expect(onIdle).not.toHaveBeenCalled()
  })
})

describe('the wait before the next try', () => {
  const signal = new AbortController().signal

  async function measureWaits(backoff: Backoff, count: number): Promise<number[]> {
    const waits: number[] = []
    for (let index = 0; index < count; index += 1) {
      const start = Date.now()
      const waiting = backoff.wait(signal)
      await vi.runAllTimersAsync()
      await waiting
      waits.push(Date.now() - start)
    }
    return waits
  }

  test('doubles up to a maximum, with jitter, and begins anew after a success', async () => {
    const backoff = new Backoff(defaultReconnectOptions)
    const bounds = [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]
    const waits = await measureWaits(backoff, bounds.length)
    for (const [index, bound] of bounds.entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(bound / 2)
      expect(waits[index]).toBeLessThanOrEqual(bound + 1)
    }
    backoff.reset()
    expect((await measureWaits(backoff, 1))[0]).toBeLessThanOrEqual(251)
  })

  test('ends when a page is shown, not when it is hidden, and the next ones are short again', async () => {
    const backoff = new Backoff(defaultReconnectOptions)
    await measureWaits(backoff, 8)
    let hasEnded = false
    const waiting = backoff.wait(signal).then(() => (hasEnded = true))
    page.dispatchEvent(new Event('visibilitychange'))
    await Promise.resolve()
    expect(hasEnded).toBe(false)
    page.visibilityState = 'visible'
    page.dispatchEvent(new Event('visibilitychange'))
    await waiting
    expect((await measureWaits(backoff, 1))[0]).toBeLessThanOrEqual(251)
  })
})
