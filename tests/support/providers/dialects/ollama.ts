import { type DialectServer, newModelList, openAIError } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

export const ollamaServer: DialectServer = {
  name: 'ollama',
  type: 'openai-compatible',
  path: '/v1',
  newResponse: () =>
    new CompletionWriter({ reasoningField: 'reasoning', chunkFields: { system_fingerprint: 'fp_ollama' } }),
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
  tellsCachedTokens: false,
  finishReasons: { length: 'LENGTH', load: 'OTHER' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'unauthorized',
      body: { StatusCode: 401, Status: '401 Unauthorized', error: 'unauthorized' },
    },
    {
      kind: 'context-length',
      status: 400,
      words: '512 tokens',
      body: openAIError('prompt too long; exceeded max context length by 512 tokens'),
    },
    {
      kind: 'model-not-found',
      status: 404,
      words: 'try pulling it',
      body: openAIError('model "m" not found, try pulling it first', { type: 'api_error' }),
    },
    {
      kind: 'overloaded',
      status: 503,
      words: 'server busy',
      body: openAIError('server busy, please try again. maximum pending requests exceeded', { type: 'api_error' }),
    },
    {
      kind: 'unsupported',
      status: 400,
      words: 'does not support tools',
      body: openAIError('registry.ollama.ai/library/m does not support tools', { type: 'api_error' }),
    },
  ],
  modelList: newModelList({ owned_by: 'library' }, { id: 'nomic-embed-text:latest', owned_by: 'library' }),
  listedContextWindow: null,
  retries: [{ status: 503, headers: { 'retry-after': '1' }, body: openAIError('server busy'), delayMs: 1000 }],
}
