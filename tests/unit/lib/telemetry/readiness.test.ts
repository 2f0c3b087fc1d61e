import { expect, test } from 'vitest'
import { Readiness } from '../../../../src/lib/telemetry/readiness.ts'

test('a server without problems is ready', () => {
  expect(new Readiness()).toMatchObject({ isReady: true, problems: [] })
})

test('a blocking problem makes it unavailable until it is resolved', () => {
  const readiness = new Readiness()
  readiness.report('storage', 'The disk is full.')
  readiness.report('storage', 'The disk is read-only.')
  expect(readiness.isReady).toBe(false)
  expect(readiness.problems).toEqual([{ component: 'storage', message: 'The disk is read-only.', isBlocking: true }])
  readiness.resolve('storage')
  expect(readiness).toMatchObject({ isReady: true, problems: [] })
})

test('a problem that is not blocking is listed, and the server stays ready', () => {
  const readiness = new Readiness()
  readiness.report('config', 'config.json is not valid JSON.', { isBlocking: false })
  expect(readiness.isReady).toBe(true)
  expect(readiness.problems).toHaveLength(1)
})
