import { defineDialect } from '../dialect.ts'

/** DeepSeek: https://api-docs.deepseek.com */
export const deepSeekDialect = defineDialect({
  name: 'deepseek',
  recognition: { host: /(^|\.)api\.deepseek\.com$/ },
  errors: { codes: { quota: ['insufficientbalance'] } },
  // With tools it rejects a chat without its earlier thoughts; without tools it ignores them.
  reasoning: { messageState: ['reasoning_content'], returned: 'always', requiredField: 'reasoning_content' },
  finishReasons: { insufficient_system_resource: 'ERROR' },
  images: { mediaTypes: [] },
})
