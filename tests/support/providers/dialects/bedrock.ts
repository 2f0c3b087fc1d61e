import { anthropicError, type DialectServer, newModelList, openAIUsage } from './dialect-server.ts'
import { AnthropicWriter, CompletionWriter } from './response-writer.ts'

const errors = [
  {
    kind: 'authentication',
    status: 403,
    words: 'security token',
    body: {
      __type: 'com.amazon.coral.service#UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    },
  },
  {
    kind: 'context-length',
    status: 400,
    words: 'too long',
    body: { message: 'Input is too long for requested model.' },
  },
  {
    kind: 'model-not-found',
    status: 400,
    words: 'identifier',
    body: { message: 'The provided model identifier is invalid.' },
  },
  { kind: 'moderation', status: 400, words: 'Blocked', body: { __type: 'GuardrailIntervened', Message: 'Blocked.' } },
  {
    kind: 'overloaded',
    status: 503,
    words: 'Later',
    body: { __type: 'ServiceUnavailableException', message: 'Later.' },
  },
  {
    kind: 'quota',
    status: 400,
    words: 'quota',
    body: { __type: 'ServiceQuotaExceededException', message: 'Your quota is used up.' },
  },
  {
    kind: 'rate-limit',
    status: 429,
    words: 'wait before',
    body: { __type: 'ThrottlingException', message: 'Too many tokens, please wait before trying again.' },
  },
  {
    kind: 'region',
    status: 400,
    words: 'unsupported countries',
    body: { message: 'Access to Anthropic models is not allowed from unsupported countries or regions.' },
  },
  {
    kind: 'timeout',
    status: 408,
    words: 'timed out',
    body: { __type: 'ModelTimeoutException', message: 'The model timed out.' },
  },
  { kind: 'unsupported', status: 400, words: 'images', body: { message: "This model doesn't support images." } },
] as const

const retries = [
  {
    status: 429,
    headers: { 'retry-after': '3' },
    body: { __type: 'ThrottlingException', message: 'Wait.' },
    delayMs: 3000,
  },
] as const

/** Bedrock's endpoint in OpenAI's format. */
export const bedrockServer: DialectServer = {
  name: 'bedrock',
  type: 'openai-compatible',
  path: '/openai/v1',
  headers: { 'x-amzn-requestid': '1' },
  newResponse: () => new CompletionWriter({ chunkFields: { service_tier: 'default' } }),
  usage: openAIUsage,
  finishReasons: { guardrail_intervened: 'CONTENT_FILTER', content_filtered: 'CONTENT_FILTER', end_turn: 'STOP' },
  errors,
  modelList: newModelList(),
  listedContextWindow: null,
  retries,
}

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

/** A gateway that passes on Bedrock's messages in Anthropic's format. */
export const bedrockGatewayServer: DialectServer = {
  ...bedrockServer,
  answerWithState: newAnswerWithState(),
  name: 'bedrock, through a gateway in the format of Anthropic',
  type: 'anthropic',
  path: '/v1',
  newResponse: () =>
    new AnthropicWriter({ messageFields: { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 1 } } }),
  usage: { input_tokens: 8, cache_read_input_tokens: 4, output_tokens: 5 },
  finishReasons: { end_turn: 'STOP', max_tokens: 'LENGTH', guardrail_intervened: 'CONTENT_FILTER' },
  errors: [
    ...errors,
    { kind: 'overloaded', status: 529, words: 'Overloaded', body: anthropicError('overloaded_error', 'Overloaded') },
  ],
}
