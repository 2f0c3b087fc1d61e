import { APICallError } from 'ai'
import { describe, expect, test } from 'vitest'
import {
  isRetryableProviderError,
  toAgentError,
} from '../../../../../src/agent/providers/errors/classify-provider-error.ts'

function http(statusCode: number, body: unknown): APICallError {
  const responseBody = typeof body === 'string' ? body : JSON.stringify(body)
  return new APICallError({ message: 'Failed', url: '', requestBodyValues: {}, statusCode, responseBody })
}

const error = (message: string, more: object = {}) => ({ error: { message, ...more } })
const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message } })
const gemini = (code: number, status: string, message: string, details: object[] = []) => [
  { error: { code, message, status, details } },
]
const bedrock = (name: string, message: string) => ({ __type: `com.amazon.coral.service#${name}`, message })
const openRouter = (code: number, message: string, metadata: object = {}) => error(message, { code, metadata })
const liteLLM = (name: string, message: string, code: string) =>
  error(`litellm.${name}: ${message}`, { type: null, param: null, code })
const vllm = (type: string, code: number, message: string) => ({ object: 'error', message, type, param: null, code })
const mistral = (type: string, code: string, message: string) => ({ object: 'error', message, type, code })

/** A server, the status and the body of its response. */
type Case = readonly [server: string, status: number, body: unknown]

function describeFamily(family: string, code: string, sentence: RegExp, cases: readonly Case[]): void {
  describe(`${family}`, () => {
    test.each(cases)('of %s is recognised, as a response and within a stream', (_, status, body) => {
      for (const failure of [http(status, body), ...(status === 400 && typeof body === 'object' ? [body] : [])]) {
        const result = toAgentError(failure, [])
        expect([result.code, result.message]).toEqual([code, expect.stringMatching(sentence)])
      }
    })
  })
}

describeFamily('an effort that is not taken', 'PROVIDER', /^The model does not take this effort/, [
  ['Anthropic', 400, anthropic('invalid_request_error', 'thinking.budget_tokens must be at least 1024')],
  [
    'Anthropic, without adaptive thinking',
    400,
    anthropic('invalid_request_error', 'adaptive thinking is not supported'),
  ],
  [
    'Anthropic, without efforts',
    400,
    anthropic('invalid_request_error', 'This model does not support the effort parameter.'),
  ],
  ['OpenAI', 400, error("Unsupported parameter: 'reasoning_effort' is not supported with this model.")],
  ['Azure', 400, error('Unrecognized request argument supplied: reasoning_effort')],
  ['Groq', 400, error('`reasoning_effort` must be one of `none` or `default`')],
  ['xAI', 400, error('Model grok-4 does not support parameter reasoningEffort.')],
  ['Ollama', 400, error('"llama3.2" does not support thinking')],
  ['Ollama, of one effort', 400, error('think value "high" is not supported for this model')],
  ['Gemini', 400, gemini(400, 'INVALID_ARGUMENT', 'Thinking level MEDIUM is not supported for this model.')],
  [
    'Gemini, always thinking',
    400,
    gemini(400, 'INVALID_ARGUMENT', 'Budget 0 is invalid. This model only works in thinking mode.'),
  ],
])

describeFamily('a chat that is too long', 'CONTEXT_LENGTH', /^The request is too long/, [
  ['OpenAI', 400, error('Too long', { code: 'context_length_exceeded' })],
  ['OpenAI, for one message', 400, error('Invalid', { code: 'string_above_max_length' })],
  ['Anthropic', 400, anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum')],
  [
    'Anthropic, with max_tokens',
    400,
    anthropic('invalid_request_error', 'input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000'),
  ],
  ['Anthropic, for the bytes', 413, anthropic('request_too_large', 'Request exceeds the maximum size')],
  [
    'Gemini',
    400,
    gemini(400, 'INVALID_ARGUMENT', 'The input token count (9) exceeds the maximum number of tokens allowed (8).'),
  ],
  ['Mistral', 400, mistral('invalid_request_error', '3051', 'Prompt contains 9 tokens, too large for model with 8')],
  ['DeepSeek', 400, error("This model's maximum context length is 8 tokens.", { type: 'invalid_request_error' })],
  [
    'OpenRouter',
    400,
    openRouter(400, 'Provider returned error', { raw: JSON.stringify(error('prompt is too long: 9 > 8')) }),
  ],
  ['Bedrock', 400, { message: 'Input is too long for requested model.' }],
  ['LiteLLM', 400, liteLLM('ContextWindowExceededError', 'too big', '400')],
  ['llama.cpp', 400, error('request (9 tokens) exceeds', { code: 400, type: 'exceed_context_size_error', n_ctx: 8 })],
  ['vLLM', 400, vllm('BadRequestError', 400, "the model's context length is only 4096 tokens")],
  ['Ollama', 400, error('prompt too long; exceeded max context length by 512 tokens')],
  ['LM Studio', 400, { error: 'Trying to keep the first 5000 tokens when context the overflows.' }],
  ['xAI', 400, { code: 'Client specified an invalid argument', error: 'maximum prompt length is 8' }],
  ['Z.ai', 400, error('Prompt exceeds max length', { code: '1261' })],
  ['Kimi', 400, error('Invalid request: Your request exceeded model token limit: 131072')],
  ['Poolside', 400, error('Input length 9 exceeds the maximum allowed input length of 8 tokens.', { code: 400 })],
  ['Text Generation Inference', 422, { error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be 8' }],
])

describeFamily('a used-up quota', 'QUOTA', /^The account's quota/, [
  ['OpenAI', 429, error('You exceeded your current quota', { code: 'insufficient_quota' })],
  ['Anthropic, for credit', 400, anthropic('invalid_request_error', 'Your credit balance is too low')],
  ['Anthropic, for a limit', 400, anthropic('invalid_request_error', 'You have reached your API usage limits.')],
  ['DeepSeek', 402, error('Insufficient Balance', { type: 'unknown_error' })],
  ['OpenRouter', 402, openRouter(402, 'This request requires more credits')],
  ['xAI', 403, { code: 'The caller does not have permission', error: 'Your team has used all available credits.' }],
  ['LiteLLM', 400, error('Budget has been exceeded! Current cost: 2', { type: 'budget_exceeded', code: '400' })],
  ['Bedrock', 400, bedrock('ServiceQuotaExceededException', 'No more')],
])

describeFamily('a rate limit', 'RATE_LIMIT', /^The provider accepts no more requests/, [
  ['OpenAI', 429, error('Slow down', { type: 'tokens', code: 'rate_limit_exceeded' })],
  [
    'Groq, for one large request',
    413,
    error('Request too large for tokens per minute', { code: 'rate_limit_exceeded' }),
  ],
  [
    'Groq, for the rest of the tokens of a minute',
    429,
    error('Rate limit reached for model `m` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443.', {
      code: 'rate_limit_exceeded',
    }),
  ],
  ['Anthropic', 429, anthropic('rate_limit_error', "This request would exceed your organization's rate limit")],
  ['Gemini', 429, gemini(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota. Please retry in 13s.')],
  ['Azure', 429, error('Your requests have exceeded call rate limit. Please retry after 6 seconds.', { code: '429' })],
  ['Azure API Management', 429, { statusCode: 429, message: 'Rate limit is exceeded. Try again in 6 seconds.' }],
  ['Mistral', 429, { message: 'Requests rate limit exceeded' }],
  ['OpenRouter', 429, openRouter(429, 'Provider returned error', { raw: 'm is temporarily rate-limited upstream.' })],
  ['Bedrock', 400, bedrock('ThrottlingException', 'Too many tokens, please wait before trying again.')],
  ['LiteLLM', 429, liteLLM('RateLimitError', 'no deployments', '429')],
  ['Cloudflare, as HTML', 429, '<html>error code: 1015</html>'],
])

describeFamily(
  'a request that is longer than a minute allows',
  'RATE_LIMIT',
  /more tokens than the provider accepts in a minute/,
  [
    [
      'Groq, for more than the tokens of a minute',
      413,
      error(
        'Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 6294, please reduce it.',
        {
          type: 'tokens',
          code: 'rate_limit_exceeded',
        },
      ),
    ],
    [
      'OpenAI, for more than the tokens of a minute',
      429,
      error('Request too large for gpt-4o in organization o on tokens per min (TPM): Limit 30000, Requested 30601.', {
        code: 'rate_limit_exceeded',
      }),
    ],
  ],
)

describeFamily('a rejected key', 'AUTH', /^The provider rejected the API key/, [
  ['OpenAI', 401, error('Incorrect API key provided', { code: 'invalid_api_key' })],
  ['Anthropic', 401, anthropic('authentication_error', 'invalid x-api-key')],
  ['Anthropic, for a permission', 403, anthropic('permission_error', 'Your key does not have permission')],
  ['Gemini', 400, gemini(400, 'INVALID_ARGUMENT', 'Please pass another.', [{ reason: 'API_KEY_INVALID' }])],
  ['Azure', 401, { statusCode: 401, message: 'Access denied due to invalid subscription key' }],
  ['FastAPI', 403, { detail: 'Not authenticated' }],
  ['Mistral', 401, { detail: 'Unauthorized' }],
  ['Cloudflare', 400, { success: false, errors: [{ code: 10000, message: 'Authentication error' }] }],
  ['Bedrock', 403, bedrock('UnrecognizedClientException', 'The security token included in the request is invalid.')],
  ['LiteLLM', 400, liteLLM('AuthenticationError', 'no', '400')],
  ['llama.cpp', 401, error('Invalid API Key', { code: 401, type: 'authentication_error' })],
  ['Ollama', 401, { StatusCode: 401, Status: '401 Unauthorized', error: 'unauthorized' }],
])

describeFamily('refused content', 'PROVIDER', /^The provider refused the chat because of its content/, [
  ['Azure', 400, error('Filtered', { code: 'content_filter', innererror: { code: 'ResponsibleAIPolicyViolation' } })],
  ['OpenAI', 400, error('Invalid prompt', { code: 'content_policy_violation' })],
  ['OpenRouter', 403, openRouter(403, 'm requires moderation. Your input was flagged.', { reasons: ['violence'] })],
  ['Gemini', 400, gemini(400, 'INVALID_ARGUMENT', 'Blocked.', [{ reason: 'SAFETY' }])],
  ['LiteLLM', 400, liteLLM('ContentPolicyViolationError', 'no', '400')],
  ['Anthropic', 400, anthropic('invalid_request_error', 'Output blocked by content filtering policy')],
  ['DeepSeek', 400, error('Content Exists Risk: inappropriate content')],
])

describeFamily('an excluded region', 'PROVIDER', /^The provider does not serve this country/, [
  ['OpenAI', 403, error('Not supported', { code: 'unsupported_country_region_territory', type: 'request_forbidden' })],
  ['Gemini', 400, gemini(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.')],
  ['Bedrock', 400, { message: 'Access to Anthropic models is not allowed from unsupported countries or regions.' }],
])

describeFamily('an unknown model', 'MODEL_NOT_FOUND', /^The provider does not know this model/, [
  ['OpenAI', 404, error('The model `x` does not exist', { code: 'model_not_found' })],
  ['Anthropic', 404, anthropic('not_found_error', 'model: x')],
  ['Gemini', 404, gemini(404, 'NOT_FOUND', 'models/x is not found for API version v1')],
  ['Mistral', 400, mistral('invalid_model', '1500', 'Invalid model: x')],
  ['OpenRouter', 400, openRouter(400, 'x is not a valid model ID')],
  ['Azure', 404, error('The API deployment for this resource does not exist.', { code: 'DeploymentNotFound' })],
  ['Bedrock', 400, { message: 'The provided model identifier is invalid.' }],
  ['LiteLLM', 400, error('/chat/completions: Invalid model name passed in model=x', { code: '400' })],
  ['vLLM', 404, vllm('NotFoundError', 404, 'The model `x` does not exist.')],
  ['Ollama', 404, error('model "x" not found, try pulling it first', { type: 'api_error' })],
  ['LM Studio', 400, { error: 'No models loaded. Please load a model.' }],
])

describeFamily('an overload', 'RATE_LIMIT', /^The provider is overloaded/, [
  ['Anthropic', 529, anthropic('overloaded_error', 'Overloaded')],
  ['Gemini', 503, gemini(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.')],
  ['llama.cpp', 503, error('Loading model', { code: 503, type: 'unavailable_error' })],
  ['Ollama', 503, { error: 'server busy, please try again. maximum pending requests exceeded' }],
  ['Bedrock', 400, bedrock('ModelNotReadyException', 'Later')],
  ['Groq', 503, error('m is currently over capacity.', { type: 'internal_server_error' })],
])

describeFamily('a missing feature', 'PROVIDER', /^The model or its server does not support/, [
  ['Ollama', 400, error('registry.ollama.ai/library/m does not support tools', { type: 'api_error' })],
  ['OpenRouter, for tools', 404, openRouter(404, 'No endpoints found that support tool use.')],
  ['OpenRouter, for images', 404, openRouter(404, 'No endpoints found that support image input')],
  ['vLLM, for tools', 400, vllm('BadRequestError', 400, '"auto" tool choice requires --enable-auto-tool-choice')],
  ['vLLM, for images', 400, vllm('BadRequestError', 400, 'm is not a multimodal model')],
  ['llama.cpp', 500, error('image input is not supported - hint: you may need to provide the mmproj', { code: 500 })],
  ['Bedrock', 400, { message: "This model doesn't support tool use in streaming mode." }],
  ['DeepSeek', 400, error('deepseek-reasoner does not support Function Calling')],
])

describeFamily(
  'an error without a known meaning',
  'PROVIDER',
  /^The provider (rejected the request|could not complete)/,
  [
    ['OpenAI', 400, error("Unsupported parameter: 'max_tokens' is not supported with this model.")],
    ['Anthropic', 400, anthropic('invalid_request_error', 'top_k must be at least 1')],
    ['FastAPI', 422, { detail: [{ loc: ['body', 'messages', 0], msg: 'Field required', type: 'missing' }] }],
  ],
)

describe("the provider's own words", () => {
  test.each<readonly [string, unknown, string]>([
    ['OpenAI', error('Nope'), 'Nope'],
    ['Anthropic', anthropic('x', 'Nope'), 'Nope'],
    ['Gemini', gemini(400, 'X', 'Nope'), 'Nope'],
    ['FastAPI', { detail: 'Nope' }, 'Nope'],
    ['FastAPI, for a field', { detail: [{ loc: ['body', 'messages', 0], msg: 'Nope' }] }, 'body.messages.0: Nope'],
    ['Mistral', { object: 'error', message: { detail: [{ loc: ['body'], msg: 'Nope' }] } }, 'body: Nope'],
    ['Cloudflare', { success: false, errors: [{ code: 1, message: 'Nope' }] }, 'Nope'],
    ['OpenRouter', openRouter(400, 'Provider returned error', { raw: '{"error":{"message":"Nope"}}' }), 'Nope'],
    ['OpenRouter, with HTML', openRouter(400, 'Provider returned error', { raw: '<html>' }), 'Provider returned error'],
    ['AWS', { Message: 'Nope' }, 'Nope'],
    ['a gateway that quotes JSON', error('{"type":"error","error":{"message":"Nope"}}'), 'Nope'],
    ['LM Studio', { error: 'Nope' }, 'Nope'],
    ['a proxy', 'Nope', 'Nope'],
  ])('of %s reach the user', (_, body, words) => {
    for (const status of [400, 500])
      expect(toAgentError(http(status, body), []).message).toMatch(new RegExp(`The provider says: ${words}$`))
  })

  test('contain no keys', () => {
    const keys = 'AIzaSyA1234567890abcdefghij AKIAIOSFODNN7EXAMPLE sk-or-v1-abcdef mine-123'
    const body = openRouter(401, 'no', { raw: JSON.stringify(error(`Wrong: ${keys}`)) })
    expect(toAgentError(http(401, body), ['mine-123']).message).toMatch(/Wrong: … … … …$/)
  })

  test('keep words that are placeholders of keys', () => {
    const body = error('The model ollama/m needs none of 8 tokens.')
    for (const key of ['ollama', 'none', 'k'])
      expect(toAgentError(http(400, body), [key]).message).toMatch(/The model ollama\/m needs none of 8 tokens\.$/)
  })

  test.each([null, 7, [], {}, [[]], { error: null }, { error: { message: 7 } }, { errors: [{}] }])(
    'may be missing, as in %j',
    (body) => {
      expect(toAgentError(http(400, body), []).message).not.toContain('says: {')
    },
  )

  test('are found in no endless or deep structure', () => {
    let deep: object = error('Nope')
    for (let level = 0; level < 1000; level += 1) deep = { error: deep }
    expect(toAgentError(http(400, deep), []).code).toBe('PROVIDER')
  })
})

test.each<readonly [string, boolean, unknown]>([
  ['a rate limit', true, http(429, error('Slow down'))],
  ['an overload', true, http(529, '')],
  ['a failure of the server', true, http(500, error('Internal error'))],
  [
    'a refused connection',
    true,
    new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }),
  ],
  ['a used-up quota', false, http(429, error('No', { code: 'insufficient_quota' }))],
  ['a long chat', false, http(500, error('prompt is too long'))],
  ['refused content', false, http(500, error('No', { code: 'content_filter' }))],
  ['a rejected request', false, http(400, error('No'))],
])('%s is retried: %s', (_, isRetried, failure) => {
  expect(isRetryableProviderError(failure)).toBe(isRetried)
})
