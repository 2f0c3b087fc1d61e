import { type DialectServer, newModelList } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

export const lmStudioServer: DialectServer = {
  name: 'lm-studio',
  type: 'openai-compatible',
  path: '/v1',
  newResponse: () =>
    new CompletionWriter({ chunkFields: { system_fingerprint: 'm', stats: {} }, choiceFields: { logprobs: null } }),
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
  tellsCachedTokens: false,
  finishReasons: { length: 'LENGTH' },
  errors: [
    {
      kind: 'context-length',
      status: 400,
      words: '4096 tokens',
      body: {
        error:
          'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.',
      },
    },
    {
      kind: 'model-not-found',
      status: 400,
      words: 'No models loaded',
      body: { error: 'No models loaded. Please load a model.' },
    },
    {
      kind: 'unsupported',
      status: 400,
      words: 'images',
      body: { error: 'Model does not support images. Please use a model that does.' },
    },
  ],
  modelList: newModelList(
    { type: 'llm', compatibility_type: 'gguf', max_context_length: 4000, loaded_context_length: 2000 },
    { type: 'embeddings', max_context_length: 100 },
  ),
  listedContextWindow: 2000,
  retries: [{ status: 503, headers: { 'retry-after': '1' }, body: { error: 'Model is loading.' }, delayMs: 1000 }],
}
