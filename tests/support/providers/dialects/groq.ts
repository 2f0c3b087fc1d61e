import { type DialectServer, newModelList, openAIError } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

export const groqServer: DialectServer = {
  name: 'groq',
  type: 'openai-compatible',
  path: '/openai/v1',
  headers: { 'x-groq-region': 'fra' },
  newResponse: () =>
    new CompletionWriter({ reasoningField: 'reasoning', usageIn: 'x_groq', chunkFields: { system_fingerprint: 'fp' } }),
  usage: {
    queue_time: 0.01,
    prompt_tokens: 12,
    prompt_time: 0.001,
    completion_tokens: 5,
    completion_time: 0.02,
    total_tokens: 17,
    total_time: 0.02,
    prompt_tokens_details: { cached_tokens: 4 },
  },
  finishReasons: { length: 'LENGTH' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'Invalid API Key',
      body: openAIError('Invalid API Key', { code: 'invalid_api_key' }),
    },
    {
      kind: 'context-length',
      status: 400,
      words: 'reduce the length',
      body: openAIError('Please reduce the length of the messages or completion.', { code: 'context_length_exceeded' }),
    },
    {
      kind: 'model-not-found',
      status: 400,
      words: 'decommissioned',
      body: openAIError('The model `m` has been decommissioned.', { code: 'model_decommissioned' }),
    },
    {
      kind: 'overloaded',
      status: 498,
      words: 'Flex',
      body: openAIError('Flex tier is full.', { code: 'flex_capacity_exceeded' }),
    },
    {
      kind: 'tokens-per-minute',
      status: 413,
      words: 'Requested 9000',
      body: openAIError('Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000.', {
        type: 'tokens',
        code: 'rate_limit_exceeded',
      }),
    },
    {
      kind: 'rate-limit',
      status: 429,
      words: 'Used 5000',
      body: openAIError(
        'Rate limit reached for model `m` on tokens per minute (TPM): Limit 6000, Used 5000, Requested 2000.',
        { type: 'tokens', code: 'rate_limit_exceeded' },
      ),
    },
    {
      kind: 'unsupported',
      status: 400,
      words: 'tool calling',
      body: openAIError('`tool calling` is not supported with this model'),
    },
  ],
  modelList: newModelList({ owned_by: 'Meta', context_window: 2000, active: true }),
  listedContextWindow: 2000,
  retries: [
    {
      status: 429,
      headers: { 'retry-after': '4' },
      body: openAIError('Slow down', { code: 'rate_limit_exceeded' }),
      delayMs: 4000,
    },
    {
      status: 429,
      headers: { 'x-ratelimit-reset-tokens': '7.66s' },
      body: openAIError('Slow down', { code: 'rate_limit_exceeded' }),
      delayMs: 7660,
    },
  ],
}
