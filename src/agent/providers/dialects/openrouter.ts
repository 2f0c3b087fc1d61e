import { defineDialect } from '../dialect.ts'

/** OpenRouter: https://openrouter.ai/docs/api-reference */
export const openRouterDialect = defineDialect({
  name: 'openrouter',
  recognition: { host: /(^|\.)openrouter\.ai$/, modelField: 'top_provider' },
  modelList: {
    contextWindowPaths: ['context_length', 'top_provider.context_length'],
    outputLimitPaths: ['top_provider.max_completion_tokens'],
  },
  effortFields: ['reasoning'],
  // `raw` is the error of the upstream provider, in `metadata`.
  errors: { messageKeys: ['raw', 'metadata'] },
  reasoning: {
    textFields: ['reasoning', 'reasoning_content'],
    messageState: ['reasoning_details'],
    returned: 'within-turn',
  },
  finishReasons: { error: 'ERROR' },
  images: { modelNames: /^(anthropic\/claude-|google\/gemini-|openai\/(gpt-(4o|4\.1|[5-9])|o3(?!-mini)|o4))/ },
  retry: { headers: { 'x-ratelimit-reset': 'epoch-ms' } },
})
