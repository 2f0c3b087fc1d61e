import { expect, test } from 'vitest'
import { computeFingerprint } from '../../../../src/chat/requests/request-fingerprint.ts'

test('fingerprints tell big integers apart that round to the same double', () => {
  const [first, second] = [1234567890123456789n, 1234567890123456788n].map((id) => computeFingerprint({ values: [id] }))
  expect(first).not.toBe(second)
  expect(first).toBe(computeFingerprint({ values: [1234567890123456789n] }))
})
