import { defineDialect } from '../dialect.ts'

/** LM Studio's OpenAI-compatible endpoint: https://lmstudio.ai/docs/developer/openai-compat */
export const lmStudioDialect = defineDialect({
  name: 'lm-studio',
  recognition: { modelOwner: /^organization_owner$/, modelField: 'compatibility_type', port: 1234 },
  modelList: { contextWindowPaths: ['loaded_context_length', 'max_context_length'] },
  errors: { codes: { 'model-not-found': ['modelnotloaded'] } },
})
