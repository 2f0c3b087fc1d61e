import { type DialectServer, newModelList } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

const error = (code: number, status: string, message: string, details: readonly object[] = []): unknown => [
  { error: { code, message, status, details } },
]

/** A call with a thought signature. */
function newAnswerWithState(): string {
  const writer = new CompletionWriter()
  const state = { google: { thought_signature: 'opaque-state' } }
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
  return (
    writer.start() +
    writer.delta({ tool_calls: [{ ...call, extra_content: state }] }) +
    writer.finish('stop') +
    writer.end()
  )
}

export const geminiServer: DialectServer = {
  answerWithState: newAnswerWithState(),
  name: 'gemini',
  type: 'openai-compatible',
  path: '/v1beta/openai',
  newResponse: () =>
    new CompletionWriter({ omitsIndex: true, usageIn: 'finish-chunk', callFields: { extra_content: {} } }),
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
  tellsCachedTokens: false,
  finishReasons: {
    'content_filter: RECITATION': 'CONTENT_FILTER',
    SAFETY: 'CONTENT_FILTER',
    MAX_TOKENS: 'LENGTH',
    STOP: 'STOP',
  },
  errors: [
    {
      kind: 'authentication',
      status: 400,
      words: 'API key not valid',
      body: error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        { reason: 'API_KEY_INVALID' },
      ]),
    },
    {
      kind: 'context-length',
      status: 400,
      words: '1048576',
      body: error(
        400,
        'INVALID_ARGUMENT',
        'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      ),
    },
    {
      kind: 'model-not-found',
      status: 404,
      words: 'models/m',
      body: error(404, 'NOT_FOUND', 'models/m is not found for API version v1'),
    },
    {
      kind: 'overloaded',
      status: 503,
      words: 'overloaded',
      body: error(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
    },
    {
      kind: 'rate-limit',
      status: 429,
      words: 'retry in 13s',
      body: error(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota. Please retry in 13s.'),
    },
    {
      kind: 'region',
      status: 400,
      words: 'location',
      body: error(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
    },
    { kind: 'timeout', status: 504, words: 'Deadline', body: error(504, 'DEADLINE_EXCEEDED', 'Deadline expired.') },
    {
      kind: 'unsupported',
      status: 400,
      words: 'Function calling',
      body: error(400, 'INVALID_ARGUMENT', 'Function calling is not enabled for models/m'),
    },
  ],
  modelList: newModelList({ owned_by: 'google' }, { owned_by: 'google' }),
  listedContextWindow: null,
  retries: [
    {
      status: 429,
      headers: {},
      body: error(429, 'RESOURCE_EXHAUSTED', 'Wait.', [
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34s' },
      ]),
      delayMs: 34_000,
    },
  ],
}
