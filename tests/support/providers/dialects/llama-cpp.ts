import { type DialectServer, openAIError } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

export const llamaCppServer: DialectServer = {
  name: 'llama-cpp',
  type: 'openai-compatible',
  path: '/v1',
  headers: { server: 'llama.cpp' },
  newResponse: () =>
    new CompletionWriter({
      chunkFields: { system_fingerprint: 'b9000', timings: { prompt_n: 8, cache_n: 4, predicted_ms: 12.5 } },
    }),
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17, prompt_tokens_details: { cached_tokens: 4 } },
  finishReasons: { length: 'LENGTH' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'Invalid API Key',
      body: openAIError('Invalid API Key', { code: 401, type: 'authentication_error' }),
    },
    {
      kind: 'context-length',
      status: 400,
      words: 'available context size',
      body: openAIError('the request exceeds the available context size, try increasing it', {
        code: 400,
        type: 'exceed_context_size_error',
        n_prompt_tokens: 5000,
        n_ctx: 4096,
      }),
    },
    {
      kind: 'overloaded',
      status: 503,
      words: 'Loading model',
      body: openAIError('Loading model', { code: 503, type: 'unavailable_error' }),
    },
    {
      kind: 'unsupported',
      status: 500,
      words: 'image input',
      body: openAIError('image input is not supported - hint: you may need to provide the mmproj', {
        code: 500,
        type: 'server_error',
      }),
    },
    {
      kind: 'unsupported',
      status: 501,
      words: 'embeddings',
      body: openAIError('This server does not support embeddings', { code: 501, type: 'not_supported_error' }),
    },
  ],
  modelList: {
    models: [{ name: 'm', capabilities: ['completion'] }],
    object: 'list',
    data: [{ id: 'm', object: 'model', created: 1, owned_by: 'llamacpp', meta: { n_ctx_train: 131_072, n_ctx: 2000 } }],
  },
  listedContextWindow: 2000,
  retries: [
    { status: 503, headers: { 'retry-after': '1' }, body: openAIError('Loading model', { code: 503 }), delayMs: 1000 },
  ],
}
