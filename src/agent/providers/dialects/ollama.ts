import { defineDialect } from '../dialect.ts'

/** Ollama's OpenAI-compatible endpoint: https://docs.ollama.com/openai */
export const ollamaDialect = defineDialect({
  name: 'ollama',
  recognition: { host: /(^|\.)ollama\.com$/, modelOwner: /^library$/, port: 11434 },
  reasoning: { textFields: ['reasoning', 'reasoning_content', 'thinking'] },
  finishReasons: { load: 'OTHER', unload: 'OTHER' },
})
