import { APICallError } from 'ai'
import { describe, expect, test } from 'vitest'
import { defaultDialect, type ProviderRetryTimeFields } from '../../../../../src/agent/providers/dialect.ts'
import { readProviderRetryTime } from '../../../../../src/agent/providers/http/read-provider-retry-time.ts'
import { providerDialects } from '../../../../../src/agent/providers/select-dialect.ts'

const now = Date.parse('2026-05-01T12:00:00Z')

interface ResponseOptions {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly rules?: ProviderRetryTimeFields
}

/** How many milliseconds a response asks to wait; null if it does not say. */
function readWait({
  status = 429,
  headers = {},
  body = '',
  rules = defaultDialect.retry,
}: ResponseOptions): number | null {
  const error = new APICallError({
    url: '',
    message: '',
    requestBodyValues: {},
    statusCode: status,
    responseHeaders: headers,
    responseBody: body,
  })
  const time = readProviderRetryTime(error, rules, now)
  return time === null ? null : time - now
}

test.each([429, 503, 529])('a response with status %i may say when to retry', (status) => {
  expect(readWait({ status, headers: { 'retry-after': '2' } })).toBe(2000)
})

test.each([400, 401, 404, 500, 502])('a response with status %i may not', (status) => {
  expect(readWait({ status, headers: { 'retry-after': '2' } })).toBeNull()
})

test.each<[string, Record<string, string>, number | null]>([
  ['seconds', { 'retry-after': '20' }, 20_000],
  ['a fraction of a second', { 'retry-after': '0.25' }, 250],
  ['no wait', { 'retry-after': '0' }, 0],
  ['a date', { 'retry-after': 'Fri, 01 May 2026 12:00:07 GMT' }, 7000],
  [
    'a date by the clock of the server',
    { date: 'Fri, 01 May 2026 09:00:00 GMT', 'retry-after': 'Fri, 01 May 2026 09:00:07 GMT' },
    7000,
  ],
  ['a date that has passed', { 'retry-after': 'Fri, 01 May 2026 11:00:00 GMT' }, 0],
  ['milliseconds, which are more exact', { 'retry-after-ms': '1800', 'retry-after': '2' }, 1800],
  ['seconds beside invalid milliseconds', { 'retry-after-ms': 'soon', 'retry-after': '2' }, 2000],
  ['a negative number', { 'retry-after': '-5' }, null],
  ['words', { 'retry-after': 'soon' }, null],
  ['an empty value', { 'retry-after': '' }, null],
  ['a number beyond all time', { 'retry-after': '9'.repeat(400) }, null],
  ['a wait of centuries', { 'retry-after': '9999999999' }, null],
])('Retry-After: %s', (_, headers, expected) => {
  expect(readWait({ headers })).toBe(expected)
})

describe('the headers of dialects', () => {
  const rulesOf = (name: string): ProviderRetryTimeFields => {
    const dialect = providerDialects.find((each) => each.name === name)
    if (!dialect) throw new Error(`There is no dialect ${name}.`)
    return dialect.retry
  }

  test.each<[string, Record<string, string>, number | null]>([
    ['openai', { 'x-ratelimit-reset-requests': '1m6.5s' }, 66_500],
    ['openai', { 'x-ratelimit-reset-requests': '120ms', 'x-ratelimit-reset-tokens': '6m0s' }, 120],
    ['openai', { 'x-ratelimit-reset-requests': '1s', 'retry-after': '30' }, 30_000],
    ['azure', { 'x-ratelimit-reset-requests': '12' }, 12_000],
    ['groq', { 'x-ratelimit-reset-tokens': '7.66s' }, 7660],
    ['anthropic', { 'anthropic-ratelimit-requests-reset': '2026-05-01T12:00:09Z' }, 9000],
    ['openrouter', { 'x-ratelimit-reset': String(now + 5000) }, 5000],
    ['openrouter', { 'x-ratelimit-reset': 'never' }, null],
  ])('%s: %j', (name, headers, expected) => {
    expect(readWait({ headers, rules: rulesOf(name) })).toBe(expected)
  })

  test('Gemini says it in the body', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.074s' }]
    const body = JSON.stringify([{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', details } }])
    expect(readWait({ body, rules: rulesOf('gemini') })).toBe(34_074)
    expect(readWait({ body: 'retryDelay', rules: rulesOf('gemini') })).toBeNull()
    expect(readWait({ body })).toBeNull()
  })
})

test('an error that is no response says nothing', () => {
  expect(readProviderRetryTime(new Error('429'), defaultDialect.retry, now)).toBeNull()
})
