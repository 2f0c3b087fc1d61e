import { describe, expect, test } from 'vitest'
import { BackgroundCompactions } from '../../../../src/chat/compaction/background-compactions.ts'

describe('compactions in the background', () => {
  test('are at most one for each session', async () => {
    const compactions = new BackgroundCompactions()
    const { promise, resolve } = Promise.withResolvers<string>()
    const first = compactions.run('a', () => promise)
    expect(await compactions.run('a', async () => 'second')).toBeNull()
    expect(await compactions.run('b', async () => 'other')).toBe('other')
    resolve('first')
    expect(await first).toBe('first')
    expect(await compactions.run('a', async () => 'third')).toBe('third')
  })

  test('can be waited for, whatever comes of them, until the signal aborts', async () => {
    const compactions = new BackgroundCompactions()
    const { promise, reject } = Promise.withResolvers<never>()
    const { signal } = new AbortController()
    expect(await compactions.wait('a', signal)).toBe(false)
    compactions.run('a', () => promise).catch(() => undefined)
    const waited = compactions.wait('a', signal)
    const aborted = compactions.wait('a', AbortSignal.abort(new Error('Over.')))
    await expect(aborted).rejects.toThrow('Over.')
    reject(new Error('It failed.'))
    expect(await waited).toBe(true)
    expect(await compactions.wait('a', signal)).toBe(false)
  })
})
