import { type DialectServer, newModelList } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

const error = (type: string, code: string, message: unknown): object => ({
  object: 'error',
  message,
  type,
  param: null,
  code,
})

export const mistralServer: DialectServer = {
  name: 'mistral',
  type: 'openai-compatible',
  path: '/v1',
  newResponse: () =>
    new CompletionWriter({
      chunkFields: { p: 'abcdef' },
      usageIn: 'finish-chunk',
      toReasoning: (text) => ({ content: [{ type: 'thinking', thinking: [{ type: 'text', text }], closed: true }] }),
      toContent: (text) => [
        { type: 'text', text },
        { type: 'reference', reference_ids: [1] },
      ],
    }),
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17, prompt_audio_seconds: {} },
  tellsCachedTokens: false,
  finishReasons: { model_length: 'LENGTH' },
  errors: [
    { kind: 'authentication', status: 401, words: 'Unauthorized', body: { detail: 'Unauthorized' } },
    {
      kind: 'context-length',
      status: 400,
      words: '32768',
      body: error(
        'invalid_request_error',
        '3051',
        'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      ),
    },
    {
      kind: 'model-not-found',
      status: 400,
      words: 'Invalid model',
      body: error('invalid_model', '1500', 'Invalid model: m'),
    },
    {
      kind: 'overloaded',
      status: 429,
      words: 'capacity',
      body: error('service_tier_capacity_exceeded', '3505', 'Service tier capacity exceeded for this model.'),
    },
    { kind: 'rate-limit', status: 429, words: 'rate limit', body: { message: 'Requests rate limit exceeded' } },
    {
      kind: 'unsupported',
      status: 400,
      words: 'not enabled',
      body: error('invalid_request_error', '3051', 'Function calling is not enabled for this model'),
    },
  ],
  modelList: newModelList(
    {
      owned_by: 'mistralai',
      max_context_length: 2000,
      capabilities: { completion_chat: true, function_calling: true },
    },
    { owned_by: 'mistralai', max_context_length: 100, capabilities: { completion_chat: false } },
  ),
  listedContextWindow: 2000,
  retries: [
    { status: 429, headers: { 'retry-after': '1' }, body: { message: 'Requests rate limit exceeded' }, delayMs: 1000 },
  ],
}
