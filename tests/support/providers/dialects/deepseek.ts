import { type DialectServer, newModelList, openAIError } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

export const deepSeekServer: DialectServer = {
  name: 'deepseek',
  type: 'openai-compatible',
  path: '/v1',
  newResponse: () =>
    new CompletionWriter({ noise: ': keep-alive\n\n', usageIn: 'finish-chunk', choiceFields: { logprobs: null } }),
  usage: {
    prompt_tokens: 12,
    completion_tokens: 5,
    total_tokens: 17,
    prompt_cache_hit_tokens: 4,
    prompt_cache_miss_tokens: 8,
    prompt_tokens_details: { cached_tokens: 4 },
  },
  finishReasons: { content_filter: 'CONTENT_FILTER' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'Authentication Fails',
      body: openAIError('Authentication Fails, Your api key is invalid', { type: 'authentication_error' }),
    },
    {
      kind: 'context-length',
      status: 400,
      words: '65536 tokens',
      body: openAIError(
        "This model's maximum context length is 65536 tokens. However, you requested 70000 tokens (66000 in the messages, 4000 in the completion).",
      ),
    },
    {
      kind: 'model-not-found',
      status: 400,
      words: 'Model Not Exist',
      body: openAIError('Model Not Exist', { type: 'invalid_request_error' }),
    },
    {
      kind: 'moderation',
      status: 400,
      words: 'Content Exists Risk',
      body: openAIError('Content Exists Risk: inappropriate content'),
    },
    {
      kind: 'overloaded',
      status: 503,
      words: 'busy',
      body: openAIError('The server is busy. Please try again later.'),
    },
    {
      kind: 'quota',
      status: 402,
      words: 'Insufficient Balance',
      body: openAIError('Insufficient Balance', { type: 'unknown_error' }),
    },
    { kind: 'rate-limit', status: 429, words: 'Rate limit', body: openAIError('Rate limit reached') },
    {
      kind: 'unsupported',
      status: 400,
      words: 'Function Calling',
      body: openAIError('deepseek-reasoner does not support Function Calling'),
    },
  ],
  modelList: newModelList({ owned_by: 'deepseek' }),
  listedContextWindow: null,
  retries: [{ status: 503, headers: { 'retry-after': '2' }, body: openAIError('Server overloaded'), delayMs: 2000 }],
}
