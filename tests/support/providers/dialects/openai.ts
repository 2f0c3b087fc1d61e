import { type DialectServer, newModelList, openAIError, openAIUsage } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

export const openAIServer: DialectServer = {
  name: 'openai',
  type: 'openai',
  path: '/v1',
  headers: { 'openai-version': '2020-10-01', 'x-request-id': 'req_1' },
  newResponse: () =>
    new CompletionWriter({
      chunkFields: { service_tier: 'default', system_fingerprint: 'fp_1', obfuscation: 'aB3x' },
      choiceFields: { logprobs: null },
    }),
  usage: {
    ...openAIUsage,
    completion_tokens_details: { reasoning_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  },
  finishReasons: { stop: 'STOP', length: 'LENGTH', content_filter: 'CONTENT_FILTER' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'Incorrect API key',
      body: openAIError('Incorrect API key provided.', { code: 'invalid_api_key' }),
    },
    {
      kind: 'context-length',
      status: 400,
      words: '8192 tokens',
      body: openAIError(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 10353 tokens.",
        { code: 'context_length_exceeded' },
      ),
    },
    {
      kind: 'model-not-found',
      status: 404,
      words: 'does not exist',
      body: openAIError('The model `m` does not exist.', { code: 'model_not_found' }),
    },
    {
      kind: 'moderation',
      status: 400,
      words: 'Invalid prompt',
      body: openAIError('Invalid prompt.', { code: 'content_policy_violation' }),
    },
    { kind: 'overloaded', status: 503, words: 'overloaded', body: openAIError('The engine is currently overloaded.') },
    {
      kind: 'quota',
      status: 429,
      words: 'current quota',
      body: openAIError('You exceeded your current quota.', { type: 'insufficient_quota', code: 'insufficient_quota' }),
    },
    {
      kind: 'rate-limit',
      status: 429,
      words: 'Rate limit',
      body: openAIError('Rate limit reached for m on tokens per min (TPM).', {
        type: 'tokens',
        code: 'rate_limit_exceeded',
      }),
    },
    {
      kind: 'region',
      status: 403,
      words: 'territory',
      body: openAIError('Country, region, or territory not supported', {
        code: 'unsupported_country_region_territory',
      }),
    },
    {
      kind: 'unsupported',
      status: 400,
      words: 'image_url',
      body: openAIError('Invalid content type. image_url is not supported: this model does not support images.'),
    },
  ],
  modelList: newModelList(),
  listedContextWindow: null,
  retries: [
    { status: 429, headers: { 'retry-after-ms': '1500' }, body: openAIError('Rate limit reached.'), delayMs: 1500 },
    {
      status: 429,
      headers: { 'x-ratelimit-reset-tokens': '1m6.5s' },
      body: openAIError('Rate limit reached.'),
      delayMs: 66_500,
    },
  ],
}
