import { APICallError, InvalidResponseDataError, JSONParseError, TypeValidationError } from 'ai'
import { describe, expect, test } from 'vitest'
import { AgentError } from '../../../../../src/agent/agent.ts'
import { toAgentError } from '../../../../../src/agent/providers/errors/classify-provider-error.ts'

function http(statusCode: number, body: unknown = ''): APICallError {
  const responseBody = typeof body === 'string' ? body : JSON.stringify(body)
  const url = 'https://user:pass@example.com/v1/chat/completions'
  return new APICallError({ message: 'Failed', url, requestBodyValues: { secret: 'prompt' }, statusCode, responseBody })
}

const openai = (message: string, code: string | null, type = 'invalid_request_error') => ({
  error: { message, type, code },
})
const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message } })
const system = (code: string) => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code })
const rateLimit = 'Rate limit reached. Add a payment method at https://platform.openai.com/account/billing.'

test.each<[string, unknown, string]>([
  ['401', http(401), 'AUTH'],
  ['403', http(403, 'Forbidden'), 'AUTH'],
  ['a wrong key with another status', http(400, openai('Incorrect API key provided', 'invalid_api_key')), 'AUTH'],
  ['404', http(404), 'MODEL_NOT_FOUND'],
  ['a model that Ollama does not have', http(404, { error: { message: 'model "x" not found' } }), 'MODEL_NOT_FOUND'],
  ['402', http(402), 'QUOTA'],
  ['429 for an empty account', http(429, openai('You exceeded your current quota', 'insufficient_quota')), 'QUOTA'],
  ['429 that speaks of billing', http(429, { error: { message: 'Check your plan and billing details' } }), 'QUOTA'],
  ['429 that speaks of credit', http(429, { error: 'No credits left' }), 'QUOTA'],
  [
    'a low balance with status 400',
    http(400, anthropic('invalid_request_error', 'Your credit balance is too low')),
    'QUOTA',
  ],
  ['429', http(429), 'RATE_LIMIT'],
  ['429 with a link to billing', http(429, openai(rateLimit, 'rate_limit_exceeded', 'tokens')), 'RATE_LIMIT'],
  ['529', http(529, anthropic('overloaded_error', 'Overloaded')), 'RATE_LIMIT'],
  ['an overload within a stream', anthropic('overloaded_error', 'Overloaded'), 'RATE_LIMIT'],
  ['a code for a context', http(400, openai('Too long', 'context_length_exceeded')), 'CONTEXT_LENGTH'],
  [
    'a sentence on context',
    http(400, { message: "This model's maximum context length is 8 tokens" }),
    'CONTEXT_LENGTH',
  ],
  [
    'a long prompt',
    http(400, anthropic('invalid_request_error', 'prompt is too long: 9 tokens > 8')),
    'CONTEXT_LENGTH',
  ],
  ['413', http(413, '<html>'), 'CONTEXT_LENGTH'],
  ['408', http(408), 'TIMEOUT'],
  ['504', http(504, '<html>Gateway Timeout</html>'), 'TIMEOUT'],
  ['a time limit of ours', new DOMException('The operation timed out', 'TimeoutError'), 'TIMEOUT'],
  ['no headers in time', new TypeError('fetch failed', { cause: system('UND_ERR_HEADERS_TIMEOUT') }), 'TIMEOUT'],
  ['500', http(500, openai('The server had an error', null, 'server_error')), 'PROVIDER'],
  ['503', http(503), 'PROVIDER'],
  ['400', http(400, openai("Unknown parameter: 'x'", 'unknown_parameter')), 'PROVIDER'],
  ['a refused connection', new TypeError('fetch failed', { cause: system('ECONNREFUSED') }), 'PROVIDER'],
  ['a cut connection', new TypeError('terminated', { cause: system('UND_ERR_SOCKET') }), 'PROVIDER'],
  ['no JSON', new JSONParseError({ text: '{', cause: null }), 'PROVIDER'],
  ['other JSON', new TypeValidationError({ value: { a: 1 }, cause: null }), 'PROVIDER'],
  [
    'a quota in JSON of another form',
    new TypeValidationError({ value: { error: 'insufficient_quota' }, cause: null }),
    'QUOTA',
  ],
  ['no finish', new InvalidResponseDataError({ data: null, message: 'ended' }), 'PROVIDER'],
  ['a text', 'rate_limit_error', 'RATE_LIMIT'],
  ['a status within a stream', { code: 429, message: 'later' }, 'RATE_LIMIT'],
  ['a status as text', { error: { code: '402', message: 'pay' } }, 'QUOTA'],
  ['nothing', undefined, 'PROVIDER'],
  ['a bug', new RangeError('Invalid array length'), 'PROVIDER'],
])('%s', (_, error, code) => {
  const agentError = toAgentError(error, [])
  expect(agentError).toBeInstanceOf(AgentError)
  expect(agentError.code).toBe(code)
  expect(agentError.message).toMatch(/^The .+[.:]/)
})

test('an AgentError is returned unchanged', () => {
  const error = new AgentError('NO_RESPONSE', 'Nothing.')
  expect(toAgentError(error, [])).toBe(error)
})

describe('the message of a provider error', () => {
  test("says what to do, followed by the provider's message", () => {
    expect(toAgentError(http(404, openai('The model `x` does not exist', 'model_not_found')), []).message).toBe(
      'The provider does not know this model. Choose another one, or check its name and the URL of the provider.' +
        ' The provider says: The model `x` does not exist',
    )
  })

  test('contains no API key, neither complete nor masked', () => {
    const { message } = toAgentError(http(401, openai('Wrong key: my-key, sk-proj-abc***xyz, Bearer my-key-2', null)), [
      'my-key',
    ])
    expect(message).not.toMatch(/my-key|sk-|xyz/)
  })

  test('contains no stack, path or request', () => {
    for (const error of [new RangeError('/home/me/x.ts broke'), new TypeError('boom'), http(500)]) {
      expect(toAgentError(error, []).message).toBe('The provider could not complete the answer. Try again.')
    }
  })

  test('omits HTML and stack traces of the provider', () => {
    expect(toAgentError(http(502, '<!doctype html><p>Bad'), []).message).not.toContain('<')
    const crash = 'Internal error\n  File "/usr/lib/python3/engine.py", line 7'
    expect(toAgentError(http(500, { error: { message: crash } }), []).message).toMatch(/Internal error$/)
  })

  test('has at most 500 code units and splits no surrogate pair', () => {
    for (const before of ['', 'a']) {
      const { message } = toAgentError(http(500, { error: { message: before + '😀'.repeat(600) } }), [])
      expect(message.length).toBeLessThanOrEqual(500)
      expect(message).toMatch(/😀.?…$/u)
      expect(message.isWellFormed()).toBe(true)
    }
  })
})
