import { describe, expect, test } from 'vitest'
import { assertValidIdempotencyKey, IdempotencyKeys } from '../../../../src/chat/requests/idempotency-keys.ts'
import { newLatch } from '../../../support/fixtures/agent-chats.ts'

const unusedStore = { findByIdempotencyKey: async () => null }
const mismatch = { code: 'IDEMPOTENCY_MISMATCH' }

describe('a key that is in use by a running request', () => {
  test('makes the same request wait', async () => {
    const keys = new IdempotencyKeys(unusedStore)
    const latch = newLatch()
    const steps: string[] = []
    const key = { key: 'k', fingerprint: 'a' }
    const first = keys.run(key, async () => {
      await latch.opened
      steps.push('first')
    })
    const second = keys.run(key, async () => void steps.push('second'))
    latch.open()
    await Promise.all([first, second])
    expect(steps).toEqual(['first', 'second'])
  })

  test('is refused for another request at once', async () => {
    const keys = new IdempotencyKeys(unusedStore)
    const latch = newLatch()
    const running = keys.run({ key: 'k', fingerprint: 'a' }, () => latch.opened)
    const other = { key: 'k', fingerprint: 'b' }
    await expect(keys.run(other, async () => undefined)).rejects.toMatchObject(mismatch)
    await expect(keys.findStream(other)).rejects.toMatchObject(mismatch)
    await expect(keys.findSession(other)).rejects.toMatchObject(mismatch)
    latch.open()
    await running
    expect(await keys.run(other, async () => 'accepted')).toBe('accepted')
  })

  test('is free again after the request has failed', async () => {
    const keys = new IdempotencyKeys(unusedStore)
    const failed = keys.run({ key: 'k', fingerprint: 'a' }, () => Promise.reject(new Error('broken')))
    await expect(failed).rejects.toThrow('broken')
    expect(await keys.findStream({ key: 'k', fingerprint: 'b' })).toBeNull()
  })
})

test('a request without a key runs at once', async () => {
  expect(await new IdempotencyKeys(unusedStore).run(null, async () => 'done')).toBe('done')
})

test('a key has 1 to 200 well-formed characters', () => {
  for (const key of ['k', 'ключ', 'x'.repeat(200)]) expect(() => assertValidIdempotencyKey(key, 'key')).not.toThrow()
  for (const key of ['', 'x'.repeat(201), '\ud83d'])
    expect(() => assertValidIdempotencyKey(key, 'input', 'key')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: { path: ['input', 'key'] } }),
    )
})
