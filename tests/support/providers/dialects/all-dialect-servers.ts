import type { DialectServer } from './dialect-server.ts'
import { anthropicServer } from './anthropic.ts'
import { azureServer } from './azure.ts'
import { bedrockServer, bedrockGatewayServer } from './bedrock.ts'
import { deepSeekServer } from './deepseek.ts'
import { geminiServer } from './gemini.ts'
import { groqServer } from './groq.ts'
import { liteLLMServer, liteLLMMessagesServer } from './litellm.ts'
import { llamaCppServer } from './llama-cpp.ts'
import { lmStudioServer } from './lm-studio.ts'
import { mistralServer } from './mistral.ts'
import { ollamaServer } from './ollama.ts'
import { openAIServer } from './openai.ts'
import { openRouterServer } from './openrouter.ts'
import { vLLMServer } from './vllm.ts'

/** A server for each dialect, and further ones for those that speak several formats. */
export const allDialectServers: readonly DialectServer[] = [
  openAIServer,
  azureServer,
  anthropicServer,
  bedrockServer,
  bedrockGatewayServer,
  geminiServer,
  deepSeekServer,
  mistralServer,
  groqServer,
  openRouterServer,
  liteLLMServer,
  liteLLMMessagesServer,
  ollamaServer,
  vLLMServer,
  lmStudioServer,
  llamaCppServer,
]
