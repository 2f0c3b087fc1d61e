import { defineDialect } from '../dialect.ts'

/** Groq: https://console.groq.com/docs/api-reference */
export const groqDialect = defineDialect({
  name: 'groq',
  recognition: { host: /(^|\.)api\.groq\.com$/, responseHeaders: { 'x-groq-region': /./ } },
  errors: {
    codes: {
      'context-length': ['requesttoolarge'],
      'model-not-found': ['modeldecommissioned', 'modeltermsrequired'],
      overloaded: ['flexcapacityexceeded'],
    },
  },
  roles: { startsWithUser: false, alternates: false, system: 'anywhere' },
  retry: { headers: { 'x-ratelimit-reset-requests': 'duration', 'x-ratelimit-reset-tokens': 'duration' } },
  images: { maxCount: 5, maxBytes: 3_000_000, maxEdge: 5_700 },
})
