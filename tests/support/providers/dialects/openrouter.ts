import { type DialectServer, openAIError, openAIUsage } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

const raw = (text: object, code = 400): object =>
  openAIError('Provider returned error', { code, metadata: { provider_name: 'Upstream', raw: JSON.stringify(text) } })

function newAnswerWithState(): string {
  const writer = new CompletionWriter({ reasoningField: 'reasoning' })
  const details = [{ type: 'reasoning.encrypted', data: 'opaque-state', index: 0, id: 'r1' }]
  return (
    writer.start() +
    writer.delta({ reasoning: 'Hm.', reasoning_details: details }) +
    writer.text('Hello.') +
    writer.finish('stop') +
    writer.end()
  )
}

export const openRouterServer: DialectServer = {
  answerWithState: newAnswerWithState(),
  name: 'openrouter',
  type: 'openai-compatible',
  path: '/api/v1',
  newResponse: () =>
    new CompletionWriter({
      noise: ': OPENROUTER PROCESSING\n\n',
      reasoningField: 'reasoning',
      chunkFields: { provider: 'Upstream' },
      choiceFields: { native_finish_reason: null },
    }),
  usage: { ...openAIUsage, cost: 0.00014, is_byok: false, cost_details: { upstream_inference_cost: null } },
  finishReasons: { length: 'LENGTH', content_filter: 'CONTENT_FILTER' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'No auth credentials',
      body: openAIError('No auth credentials found', { code: 401 }),
    },
    {
      kind: 'context-length',
      status: 400,
      words: '32768 tokens',
      body: openAIError(
        "This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens (39000 of text input, 1000 in the output).",
        { code: 400 },
      ),
    },
    {
      kind: 'context-length',
      status: 400,
      words: 'too long: 9',
      body: raw({ error: { message: 'prompt is too long: 9 > 8' } }),
    },
    {
      kind: 'model-not-found',
      status: 400,
      words: 'valid model ID',
      body: openAIError('x is not a valid model ID', { code: 400 }),
    },
    {
      kind: 'moderation',
      status: 403,
      words: 'requires moderation',
      body: openAIError('m requires moderation. Your input was flagged.', {
        code: 403,
        metadata: { reasons: ['violence'] },
      }),
    },
    {
      kind: 'quota',
      status: 402,
      words: 'more credits',
      body: openAIError('This request requires more credits', { code: 402 }),
    },
    {
      kind: 'rate-limit',
      status: 429,
      words: 'rate-limited upstream',
      body: openAIError('Provider returned error', {
        code: 429,
        metadata: { raw: 'm is temporarily rate-limited upstream.' },
      }),
    },
    {
      kind: 'unsupported',
      status: 404,
      words: 'image input',
      body: openAIError('No endpoints found that support image input', { code: 404 }),
    },
  ],
  modelList: {
    data: [
      {
        id: 'm',
        created: 1,
        context_length: 4000,
        architecture: { output_modalities: ['text'] },
        top_provider: { context_length: 2000 },
        supported_parameters: ['tools'],
      },
      {
        id: 'painter',
        created: 1,
        context_length: 100,
        architecture: { output_modalities: ['image'] },
        top_provider: {},
      },
    ],
  },
  listedContextWindow: 2000,
  retries: [{ status: 429, headers: { 'retry-after': '5' }, body: openAIError('Slow', { code: 429 }), delayMs: 5000 }],
}
