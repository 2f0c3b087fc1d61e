import { defineDialect } from '../dialect.ts'

/** OpenAI's own API: https://platform.openai.com/docs/api-reference/chat */
export const openAIDialect = defineDialect({
  name: 'openai',
  recognition: { host: /(^|\.)api\.openai\.com$/, modelOwner: /^openai/, defaultOf: 'openai' },
  errors: {
    codes: {
      moderation: ['moderationblocked', 'contentpolicyviolation'],
      quota: ['insufficientquota', 'billinghardlimitreached', 'billingnotactive'],
      region: ['unsupportedcountryregionterritory'],
      'context-length': ['contextlengthexceeded', 'stringabovemaxlength'],
    },
  },
  roles: { startsWithUser: false, alternates: false, system: 'anywhere' },
  retry: { headers: { 'x-ratelimit-reset-requests': 'duration', 'x-ratelimit-reset-tokens': 'duration' } },
})
