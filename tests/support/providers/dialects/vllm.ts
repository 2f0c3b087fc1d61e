import { type DialectServer, newModelList } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

const error = (type: string, code: number, message: string): object => ({
  object: 'error',
  message,
  type,
  param: null,
  code,
})

export const vLLMServer: DialectServer = {
  name: 'vllm',
  type: 'openai-compatible',
  path: '/v1',
  newResponse: () =>
    new CompletionWriter({
      chunkFields: { prompt_token_ids: null, kv_transfer_params: null, usage: null },
      choiceFields: { stop_reason: null, token_ids: null },
    }),
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17, prompt_tokens_details: { cached_tokens: 4 } },
  finishReasons: { length: 'LENGTH', repetition: 'LENGTH' },
  errors: [
    { kind: 'authentication', status: 401, words: 'Unauthorized', body: { error: 'Unauthorized' } },
    {
      kind: 'context-length',
      status: 400,
      words: '4096 tokens',
      body: error(
        'BadRequestError',
        400,
        "You passed 9000 input tokens and requested 100 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 3996 tokens.",
      ),
    },
    {
      kind: 'model-not-found',
      status: 404,
      words: 'does not exist',
      body: error('NotFoundError', 404, 'The model `m` does not exist.'),
    },
    {
      kind: 'unsupported',
      status: 400,
      words: 'multimodal',
      body: error('BadRequestError', 400, 'm is not a multimodal model'),
    },
    { kind: 'unsupported', status: 501, words: 'Not here', body: error('NotImplementedError', 501, 'Not here.') },
  ],
  modelList: newModelList({ owned_by: 'vllm', max_model_len: 2000, root: 'm', parent: null, permission: [] }),
  listedContextWindow: 2000,
  retries: [
    { status: 503, headers: { 'retry-after': '2' }, body: error('ServiceUnavailable', 503, 'Wait.'), delayMs: 2000 },
  ],
}
