import { defineDialect } from '../dialect.ts'

/** Google's Gemini through its OpenAI-compatible endpoint: https://ai.google.dev/gemini-api/docs/openai */
export const geminiDialect = defineDialect({
  name: 'gemini',
  recognition: {
    host: /(^|[.-])(generativelanguage|aiplatform)\.googleapis\.com$/,
  },
  modelList: { contextWindowPaths: ['inputTokenLimit'], outputLimitPaths: ['outputTokenLimit'] },
  errors: {
    codes: {
      authentication: ['apikeyinvalid', 'unauthenticated'],
      moderation: ['prohibitedcontent'],
      overloaded: ['unavailable'],
      'rate-limit': ['resourceexhausted'],
      region: ['failedprecondition'],
      timeout: ['deadlineexceeded'],
    },
  },
  // Thought signatures stand beside the calls, or beside the last text.
  reasoning: { messageState: ['extra_content'], toolCallState: ['extra_content'], returned: 'always' },
  finishReasons: {
    safety: 'CONTENT_FILTER',
    recitation: 'CONTENT_FILTER',
    blocklist: 'CONTENT_FILTER',
    prohibited_content: 'CONTENT_FILTER',
    spii: 'CONTENT_FILTER',
    image_safety: 'CONTENT_FILTER',
    image_prohibited_content: 'CONTENT_FILTER',
    image_recitation: 'CONTENT_FILTER',
    language: 'OTHER',
    malformed_function_call: 'ERROR',
    unexpected_tool_call: 'ERROR',
    too_many_tool_calls: 'ERROR',
  },
  retry: { bodyKeys: ['retryDelay'] },
  images: { modelNames: /^(models\/)?gemini-/, maxBytes: 10 * 1024 * 1024, manyImages: null },
  tools: {
    unsupportedKeywords: ['$schema', '$id', '$comment', 'patternProperties', 'exclusiveMinimum', 'exclusiveMaximum'],
  },
})
