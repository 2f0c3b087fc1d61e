import { defineDialect } from '../dialect.ts'

/** The names of OpenAI's models that accept images. */
export const openAIVisionModelPattern = /^(gpt-(4o|4\.1|4\.5|[5-9])|chatgpt-|o1(?!-(mini|preview))|o3(?!-mini)|o4)/

/** OpenAI's own API: https://platform.openai.com/docs/api-reference/chat */
export const openAIDialect = defineDialect({
  name: 'openai',
  recognition: { host: /(^|\.)api\.openai\.com$/, defaultOf: 'openai' },
  errors: {
    codes: {
      moderation: ['moderationblocked', 'contentpolicyviolation'],
      quota: ['insufficientquota', 'billinghardlimitreached', 'billingnotactive'],
      region: ['unsupportedcountryregionterritory'],
      'context-length': ['contextlengthexceeded', 'stringabovemaxlength'],
    },
  },
  roles: { startsWithUser: false, alternates: false, system: 'anywhere' },
  images: { modelNames: openAIVisionModelPattern, maxBytes: 20 * 1024 * 1024, maxEdge: 16_384, manyImages: null },
  retry: { headers: { 'x-ratelimit-reset-requests': 'duration', 'x-ratelimit-reset-tokens': 'duration' } },
})
