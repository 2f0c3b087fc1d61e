import { type DialectServer, openAIError, openAIUsage } from './dialect-server.ts'
import { CompletionWriter } from './response-writer.ts'

const filters = { hate: { filtered: false, severity: 'safe' } }

export const azureServer: DialectServer = {
  name: 'azure',
  type: 'azure',
  path: '/openai',
  headers: { 'x-ms-region': 'Sweden Central', 'apim-request-id': '1' },
  newResponse: () =>
    new CompletionWriter({
      opening: `data: ${JSON.stringify({ id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: filters }] })}\n\n`,
      choiceFields: { content_filter_results: filters, content_filter_offsets: { check_offset: 1 } },
    }),
  usage: openAIUsage,
  finishReasons: { content_filter: 'CONTENT_FILTER' },
  errors: [
    {
      kind: 'authentication',
      status: 401,
      words: 'invalid subscription key',
      body: { statusCode: 401, message: 'Access denied due to invalid subscription key.' },
    },
    {
      kind: 'context-length',
      status: 400,
      words: '8192 tokens',
      body: openAIError("This model's maximum context length is 8192 tokens.", { code: 'context_length_exceeded' }),
    },
    {
      kind: 'model-not-found',
      status: 404,
      words: 'deployment',
      body: openAIError('The API deployment for this resource does not exist.', { code: 'DeploymentNotFound' }),
    },
    {
      kind: 'moderation',
      status: 400,
      words: 'filtered',
      body: openAIError('The response was filtered.', {
        code: 'content_filter',
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      }),
    },
    {
      kind: 'rate-limit',
      status: 429,
      words: 'retry after 6 seconds',
      body: openAIError('Requests have exceeded call rate limit. Please retry after 6 seconds.', { code: '429' }),
    },
    {
      kind: 'unsupported',
      status: 400,
      words: 'operation',
      body: openAIError('The operation does not work with this model.', { code: 'OperationNotSupported' }),
    },
  ],
  modelList: null,
  listedContextWindow: null,
  retries: [
    { status: 429, headers: { 'retry-after': '6' }, body: openAIError('Too many.', { code: '429' }), delayMs: 6000 },
    {
      status: 429,
      headers: { 'x-ratelimit-reset-requests': '7' },
      body: openAIError('Too many.', { code: '429' }),
      delayMs: 7000,
    },
  ],
}
