import { defineDialect } from '../dialect.ts'

/** Mistral: https://docs.mistral.ai/api */
export const mistralDialect = defineDialect({
  name: 'mistral',
  recognition: { host: /(^|\.)(api|codestral)\.mistral\.ai$/ },
  // It sends usage without being asked.
  rejectedFields: ['stream_options'],
  errors: {
    codes: {
      overloaded: ['servicetiercapacityexceeded', '3505'],
      'model-not-found': ['invalidmodel', '1500'],
      'rate-limit': ['ratelimited', '1300'],
    },
  },
  roles: { toolCallId: /^[A-Za-z0-9]{9}$/ },
  finishReasons: { model_length: 'LENGTH', error: 'ERROR' },
  images: { maxCount: 8, maxBytes: 7_500_000 },
})
