import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type FirstExecutionContext,
  IdempotentCalls,
  type KeyedMutationCall,
} from '../../../src/services/idempotent-calls.ts'
import type { IdempotencyKeyRecord, IdempotencyKeyStore } from '../../../src/storage/idempotency-key.ts'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteIdempotencyKeyStore } from '../../../src/storage/sqlite/sqlite-idempotency-key-store.ts'
import { newLatch } from '../../support/fixtures/chats/agent-chats.ts'
import { newHome } from '../../support/server/segue.ts'
import { waitLimitMs } from '../../support/vitest-limits.ts'

const call: KeyedMutationCall = { key: 'k', fingerprint: 'f:a', computeLegacyFingerprint: null }
const otherCall: KeyedMutationCall = { ...call, fingerprint: 'f:b' }
const mismatch = { code: 'IDEMPOTENCY_MISMATCH', details: {} }

let store: IdempotencyKeyStore
let calls: IdempotentCalls

beforeEach(() => {
  const home = newHome()
  const database = new SegueProfileDatabase(join(home, 'segue.db'))
  onTestFinished(() => {
    database.close()
    rmSync(home, { recursive: true })
  })
  store = new SqliteIdempotencyKeyStore(database)
  calls = new IdempotentCalls(store, { now: () => 1_000 })
})

/** An execution whose first result is `result`; a repetition returns what the key remembers. */
function executionOf(execute: (execution: FirstExecutionContext) => Promise<string>) {
  return {
    execute: vi.fn<(execution: FirstExecutionContext) => Promise<string>>(execute),
    remember: (result: string) => ({ createdId: `id of ${result}`, outcome: result }),
    reload: async ({ outcome }: IdempotencyKeyRecord) => `again ${outcome}`,
  }
}

describe('a call', () => {
  test('that another process has begun waits for the end, and goes on with what that one has left if it does not end', async () => {
    const begun = { key: 'k', fingerprint: 'f:a', createdAt: 1_000, createdId: null, outcome: null, isPending: true }
    await store.add(begun)
    const execution = executionOf(async ({ isResumed }) => `resumed: ${isResumed}`)
    const waiting = new IdempotentCalls(store, { foreignTimeoutMs: waitLimitMs }).run(call, execution)
    await store.put({ ...begun, outcome: 'one', isPending: false })
    expect(await waiting).toBe('again one')
    expect(execution.execute).not.toHaveBeenCalled()
    await store.put(begun)
    expect(await new IdempotentCalls(store, { foreignTimeoutMs: 1 }).run(call, execution)).toBe('resumed: true')
  })

  test('that another process begins at the same moment leaves it to that one', async () => {
    const begun = { key: 'k', fingerprint: 'f:a', createdAt: 999, createdId: null, outcome: null, isPending: true }
    const execution = executionOf(async ({ begin }) => {
      await store.add(begun)
      setTimeout(() => void store.put({ ...begun, outcome: 'one', isPending: false }))
      await begin()
      return 'two'
    })
    const sharing = new IdempotentCalls(store, { foreignTimeoutMs: waitLimitMs })
    expect(await sharing.run(call, execution)).toBe('again one')
  })

  test('that another process has executed in the same millisecond returns the result of that one', async () => {
    const execution = executionOf(async () => {
      await store.put({ ...executed, createdId: 'id of one', outcome: 'one' })
      return 'nothing to do'
    })
    const executed = { key: 'k', fingerprint: 'f:a', createdAt: 1_000, isPending: false }
    expect(await calls.run(call, execution)).toBe('again one')
  })

  test('without a key runs each time', async () => {
    const execution = executionOf(async ({ key }) => `key ${key}`)
    expect(await calls.run(null, execution)).toBe('key null')
    expect(await calls.run(null, execution)).toBe('key null')
    expect(execution.execute).toHaveBeenCalledTimes(2)
  })

  test('with a key runs once, also after a restart, and the key is stored even if the call writes nothing', async () => {
    const execution = executionOf(async () => 'one')
    expect(await calls.run(call, execution)).toBe('one')
    expect(await calls.run(call, execution)).toBe('again one')
    expect(await new IdempotentCalls(store).run(call, execution)).toBe('again one')
    expect(execution.execute).toHaveBeenCalledTimes(1)
    expect(await store.find('k')).toEqual({
      key: 'k',
      fingerprint: 'f:a',
      createdId: 'id of one',
      outcome: 'one',
      isPending: false,
      createdAt: 1_000,
    })
  })

  test('leaves a key alone that was stored in its transaction', async () => {
    const stored = { createdId: 'str_1', outcome: null, isPending: false }
    await calls.run(
      call,
      executionOf(async ({ key }) => {
        if (key) await store.put({ ...key, ...stored })
        return 'one'
      }),
    )
    expect(await store.find('k')).toMatchObject(stored)
  })

  test('returns what an earlier execution of it has done, if that is committed meanwhile', async () => {
    const earlier = { key: 'k', fingerprint: 'f:a', createdAt: 1, createdId: null, outcome: 'zero', isPending: false }
    const late = executionOf(async () => {
      await store.put(earlier)
      return 'one'
    })
    expect(await calls.run(call, late)).toBe('again zero')
    expect(await store.find('k')).toEqual(earlier)
  })

  test('that fails because an earlier execution of it, as in another process, is committed meanwhile, returns what that has done', async () => {
    const earlier = { key: 'k', fingerprint: 'f:a', createdAt: 1, createdId: null, outcome: 'zero', isPending: false }
    const late = executionOf(async () => {
      await store.put(earlier)
      throw new Error('too late')
    })
    expect(await calls.run(call, late)).toBe('again zero')
    expect(await store.find('k')).toEqual(earlier)
  })

  test('that throws keeps no key', async () => {
    const refused = executionOf(() => Promise.reject(new Error('refused')))
    await expect(calls.run(call, refused)).rejects.toThrow('refused')
    expect(await store.find('k')).toBeNull()
    expect(
      await calls.run(
        otherCall,
        executionOf(async () => 'two'),
      ),
    ).toBe('two')
  })

  test('with the key of another one is refused, and the error names the stream that has the key', async () => {
    await calls.run(
      call,
      executionOf(async () => 'one'),
    )
    await expect(
      calls.run(
        otherCall,
        executionOf(async () => 'two'),
      ),
    ).rejects.toMatchObject(mismatch)
    const streamId = 'str_01h2xcejqtf2nbrexx3vqjhp41'
    const started = { ...executionOf(async () => 'one'), remember: () => ({ createdId: streamId }) }
    await calls.run({ ...call, key: 'stream' }, started)
    await expect(
      calls.run(
        { ...otherCall, key: 'stream' },
        executionOf(async () => 'two'),
      ),
    ).rejects.toMatchObject({ ...mismatch, details: { streamId } })
  })

  test('is the same as one that version 0.1 stored, by the fingerprint of that version', async () => {
    await calls.run(
      { ...call, fingerprint: 'legacy' },
      executionOf(async () => 'one'),
    )
    const execution = executionOf(async () => 'two')
    expect(await calls.run({ ...call, computeLegacyFingerprint: () => 'legacy' }, execution)).toBe('again one')
    const other = calls.run({ ...call, computeLegacyFingerprint: () => 'other' }, execution)
    await expect(other).rejects.toMatchObject(mismatch)
  })
})

describe('while a call runs,', () => {
  test('a repetition waits for it, and another call with its key is refused at once', async () => {
    const latch = newLatch()
    const execution = executionOf(async () => {
      await latch.opened
      return 'one'
    })
    const first = calls.run(call, execution)
    const second = calls.run(call, execution)
    await expect(calls.run(otherCall, execution)).rejects.toMatchObject(mismatch)
    latch.open()
    expect(await Promise.all([first, second])).toEqual(['one', 'again one'])
    expect(execution.execute).toHaveBeenCalledTimes(1)
  })

  test('a repetition waits for it, and runs itself if it is refused', async () => {
    const latch = newLatch()
    const refused = calls.run(
      call,
      executionOf(async () => {
        await latch.opened
        throw new Error('refused')
      }),
    )
    const second = calls.run(
      call,
      executionOf(async () => 'two'),
    )
    latch.open()
    await expect(refused).rejects.toThrow('refused')
    expect(await second).toBe('two')
  })
})

test('calls with the key of another one do not disturb its repetitions', async () => {
  await calls.run(
    call,
    executionOf(async () => 'one'),
  )
  const execution = executionOf(async () => 'two')
  const fingerprints = ['f:b', 'f:a', 'f:c', 'f:a']
  const results = await Promise.allSettled(
    fingerprints.map((fingerprint) => calls.run({ ...call, fingerprint }, execution)),
  )
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
})

describe('a call of several transactions', () => {
  test('is resumed if the process died between them', async () => {
    const died = executionOf(async ({ begin }) => {
      await begin()
      return new Promise<never>(() => {})
    })
    void calls.run(call, died)
    await vi.waitUntil(async () => (await store.find('k'))?.isPending, { timeout: waitLimitMs })
    const restarted = new IdempotentCalls(store)
    const resumed = executionOf(async ({ isResumed, begin }) => {
      await begin()
      return isResumed ? 'resumed' : 'first'
    })
    await expect(restarted.run(otherCall, resumed)).rejects.toMatchObject(mismatch)
    expect(await restarted.run(call, resumed)).toBe('resumed')
    expect(await restarted.run(call, resumed)).toBe('again resumed')
    expect(await store.find('k')).toMatchObject({ isPending: false, createdAt: 1_000 })
  })

  test('keeps no key if it fails', async () => {
    const failed = executionOf(async ({ begin }) => {
      await begin()
      throw new Error('failed')
    })
    await expect(calls.run(call, failed)).rejects.toThrow('failed')
    expect(await store.find('k')).toBeNull()
  })
})

test('keys are pruned at the start and then every hour, when they are older than a day', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  let now = 1_000
  const clocked = new IdempotentCalls(store, { now: () => now })
  await clocked.run(call, { ...executionOf(async () => 'one'), remember: () => ({}) })
  const stop = clocked.startPruning((error) => expect(error).toBeUndefined())
  now += 86_400_000
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(await store.find('k')).not.toBeNull()
  now += 1
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(await store.find('k')).toBeNull()
  await stop()
  expect(vi.getTimerCount()).toBe(0)
})
