import { anthropicError, type DialectServer, newModelList, openAIError, openAIUsage } from './dialect-server.ts'
import { AnthropicWriter, CompletionWriter } from './response-writer.ts'

const error = (name: string, message: string, code: string): object =>
  openAIError(`litellm.${name}: ${message}`, { type: null, param: null, code })

function newAnswerWithState(): string {
  const writer = new CompletionWriter()
  const blocks = [{ type: 'thinking', thinking: 'Hm.', signature: 'opaque-state' }]
  return (
    writer.start() +
    writer.delta({ reasoning_content: 'Hm.', thinking_blocks: blocks }) +
    writer.text('Hello.') +
    writer.finish('stop') +
    writer.end()
  )
}

function newMessageWithState(): string {
  const writer = new AnthropicWriter()
  return (
    writer.start() +
    writer.reasoning('Hm.', 'opaque-state') +
    writer.text('Hello.') +
    writer.finish('end_turn') +
    writer.end()
  )
}

export const liteLLMServer: DialectServer = {
  answerWithState: newAnswerWithState(),
  name: 'litellm',
  type: 'openai-compatible',
  path: '/v1',
  headers: { 'x-litellm-call-id': '1', 'x-litellm-version': '1.80.0' },
  newResponse: () =>
    new CompletionWriter({
      chunkFields: { provider_specific_fields: null, citations: null },
      choiceFields: { provider_specific_fields: {} },
    }),
  usage: { ...openAIUsage, cache_read_input_tokens: 4, cache_creation_input_tokens: 0 },
  finishReasons: { length: 'LENGTH', content_filter: 'CONTENT_FILTER' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'Invalid proxy server token',
      body: openAIError('Authentication Error, Invalid proxy server token passed.', {
        type: 'token_not_found_in_db',
        code: '401',
      }),
    },
    {
      // Without a database, any other key than the master key.
      kind: 'authentication',
      status: 400,
      words: 'No connected db',
      body: openAIError('No connected db.', { type: 'no_db_connection', param: null, code: '400' }),
    },
    {
      kind: 'unsupported',
      status: 500,
      words: 'image input',
      body: error(
        'InternalServerError',
        'InternalServerError: OpenAIException - image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
        '500',
      ),
    },
    {
      kind: 'context-length',
      status: 400,
      words: '8192 tokens',
      body: error(
        'ContextWindowExceededError',
        "BadRequestError: OpenAIException - This model's maximum context length is 8192 tokens.",
        '400',
      ),
    },
    {
      kind: 'model-not-found',
      status: 400,
      words: 'Invalid model name',
      body: openAIError('/chat/completions: Invalid model name passed in model=m. Call `/v1/models`', { code: '400' }),
    },
    {
      kind: 'moderation',
      status: 400,
      words: 'ContentPolicyViolationError',
      body: error('ContentPolicyViolationError', 'no', '400'),
    },
    {
      kind: 'quota',
      status: 400,
      words: 'Budget',
      body: openAIError('Budget has been exceeded! Current cost: 2', { type: 'budget_exceeded', code: '400' }),
    },
    {
      kind: 'rate-limit',
      status: 429,
      words: 'RateLimitError',
      body: error('RateLimitError', 'no deployments', '429'),
    },
    { kind: 'timeout', status: 408, words: 'Timeout', body: error('Timeout', 'Request timed out.', '408') },
    {
      kind: 'unsupported',
      status: 400,
      words: 'UnsupportedParamsError',
      body: error('UnsupportedParamsError', "ollama does not support parameters: ['tools'], for model=m", '400'),
    },
  ],
  modelList: newModelList({ max_input_tokens: 2000, mode: 'chat' }, { id: 'vectors', mode: 'embedding' }),
  listedContextWindow: 2000,
  retries: [
    { status: 429, headers: { 'retry-after': '3' }, body: error('RateLimitError', 'no', '429'), delayMs: 3000 },
  ],
}

/** LiteLLM's endpoint in Anthropic's format. Its errors are those of the other one, or in Anthropic's form. */
export const liteLLMMessagesServer: DialectServer = {
  ...liteLLMServer,
  answerWithState: newMessageWithState(),
  name: 'litellm, in the format of Anthropic',
  type: 'anthropic',
  newResponse: () => new AnthropicWriter({ noise: ': comment\n\n' }),
  usage: { input_tokens: 8, cache_read_input_tokens: 4, output_tokens: 5 },
  finishReasons: { end_turn: 'STOP', max_tokens: 'LENGTH' },
  errors: [
    ...liteLLMServer.errors,
    {
      kind: 'rate-limit',
      status: 429,
      words: 'no deployments',
      body: anthropicError('rate_limit_error', 'no deployments'),
    },
  ],
}
