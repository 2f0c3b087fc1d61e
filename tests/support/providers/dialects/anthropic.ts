import { anthropicError, type DialectServer } from './dialect-server.ts'
import { AnthropicWriter } from './response-writer.ts'

/** Thoughts with a signature. */
function newAnswerWithState(): string {
  const writer = new AnthropicWriter()
  return (
    writer.start() +
    writer.reasoning('Hm.', 'opaque-state') +
    writer.text('Hello.') +
    writer.finish('end_turn') +
    writer.end()
  )
}

export const anthropicServer: DialectServer = {
  answerWithState: newAnswerWithState(),
  name: 'anthropic',
  type: 'anthropic',
  path: '/v1',
  headers: { 'request-id': 'req_1', 'anthropic-organization-id': 'o' },
  newResponse: () =>
    new AnthropicWriter({
      noise: 'event: ping\ndata: {"type": "ping"}\n\nevent: tomorrow\ndata: {"type": "tomorrow"}\n\n',
      messageFields: { container: null, context_management: null },
    }),
  // Input tokens are reported without their cached part.
  usage: { input_tokens: 8, cache_read_input_tokens: 4, cache_creation_input_tokens: 0, output_tokens: 5 },
  finishReasons: {
    end_turn: 'STOP',
    stop_sequence: 'STOP',
    max_tokens: 'LENGTH',
    model_context_window_exceeded: 'LENGTH',
    refusal: 'REFUSAL',
  },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'x-api-key',
      body: anthropicError('authentication_error', 'invalid x-api-key'),
    },
    {
      kind: 'context-length',
      status: 400,
      words: '200000 maximum',
      body: anthropicError('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
    },
    { kind: 'model-not-found', status: 404, words: 'model: m', body: anthropicError('not_found_error', 'model: m') },
    {
      kind: 'moderation',
      status: 400,
      words: 'content filtering',
      body: anthropicError('invalid_request_error', 'Output blocked by content filtering policy'),
    },
    { kind: 'overloaded', status: 529, words: 'Overloaded', body: anthropicError('overloaded_error', 'Overloaded') },
    {
      kind: 'quota',
      status: 400,
      words: 'credit balance',
      body: anthropicError('invalid_request_error', 'Your credit balance is too low.'),
    },
    {
      kind: 'rate-limit',
      status: 429,
      words: 'rate limit',
      body: anthropicError('rate_limit_error', "This request would exceed your organization's rate limit"),
    },
  ],
  modelList: {
    data: [{ type: 'model', id: 'm', display_name: 'M', created_at: '2026-01-01T00:00:00Z', max_input_tokens: 2000 }],
    has_more: false,
  },
  listedContextWindow: 2000,
  retries: [
    {
      status: 529,
      headers: { 'retry-after': '2' },
      body: anthropicError('overloaded_error', 'Overloaded'),
      delayMs: 2000,
    },
  ],
}
