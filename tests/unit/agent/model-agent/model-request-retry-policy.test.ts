import { APICallError } from 'ai'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ModelRequestRetryPolicy } from '../../../../src/agent/model-agent/model-request-retry-policy.ts'
import { AgentError } from '../../../../src/agent/agent.ts'
import { defaultDialect } from '../../../../src/agent/providers/dialect.ts'

const startedAt = Date.parse('2026-05-01T12:00:00Z')

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'], now: startedAt }))
afterEach(() => void vi.useRealTimers())

function newFailure(statusCode: number, responseHeaders: Record<string, string> = {}): APICallError {
  return new APICallError({
    url: '',
    message: '',
    requestBodyValues: {},
    statusCode,
    responseHeaders,
    responseBody: '{}',
  })
}
const newPolicy = (maxRetryWaitMs = 60_000) =>
  new ModelRequestRetryPolicy({ retryRules: defaultDialect.retry, maxRetryWaitMs })

/** The delays before the retries of a request that fails with this error each time. */
function planAll(policy: ModelRequestRetryPolicy, error: unknown): number[] {
  const delays: number[] = []
  for (let retry = policy.planRetry(error); retry; retry = policy.planRetry(error)) {
    delays.push(retry.delayMs)
    vi.advanceTimersByTime(retry.delayMs)
  }
  return delays
}

test('a transient error without a time is retried twice, quickly', () => {
  expect(planAll(newPolicy(), newFailure(500))).toEqual([250, 1000])
  expect(planAll(newPolicy(0), newFailure(503))).toEqual([250, 1000])
})

test('an error that stays is not retried, whatever its headers say', () => {
  expect(newPolicy().planRetry(newFailure(401, { 'retry-after': '1' }))).toBeNull()
  expect(newPolicy().planRetry(new AgentError('TIMEOUT', 'No data.'))).toBeNull()
})

test('a time of the provider counts instead, and the waits together have a limit', () => {
  expect(newPolicy().planRetry(newFailure(429, { 'retry-after': '20' }))).toEqual({
    delayMs: 20_000,
    retryAt: startedAt + 20_000,
  })
  expect(planAll(newPolicy(), newFailure(429, { 'retry-after': '20' }))).toEqual([20_000, 20_000, 20_000])
  expect(planAll(newPolicy(), newFailure(429, { 'retry-after': '61' }))).toEqual([])
  expect(planAll(newPolicy(0), newFailure(429, { 'retry-after': '1' }))).toEqual([])
})

test('a provider that asks for no wait again and again is asked more and more rarely', () => {
  const delays = planAll(newPolicy(), newFailure(503, { 'retry-after': '0' }))
  expect(delays.slice(0, 6)).toEqual([250, 500, 1000, 2000, 4000, 8000])
  expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeLessThanOrEqual(60_000)
})

test('after a wait, an error without a time has its quick retries', () => {
  const policy = newPolicy()
  vi.advanceTimersByTime(policy.planRetry(newFailure(429, { 'retry-after': '20' }))?.delayMs ?? 0)
  expect(planAll(policy, newFailure(500))).toEqual([250, 1000])
})
