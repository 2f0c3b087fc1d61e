import { z } from 'zod'
import type { Provider } from '../../config/profile/provider.ts'
import { type Dialect, type DialectRecognition, defaultDialect } from './dialect.ts'
import { anthropicDialect } from './dialects/anthropic.ts'
import { azureDialect } from './dialects/azure.ts'
import { bedrockDialect } from './dialects/bedrock.ts'
import { deepSeekDialect } from './dialects/deepseek.ts'
import { geminiDialect } from './dialects/gemini.ts'
import { groqDialect } from './dialects/groq.ts'
import { liteLLMDialect } from './dialects/litellm.ts'
import { llamaCppDialect } from './dialects/llama-cpp.ts'
import { lmStudioDialect } from './dialects/lm-studio.ts'
import { mistralDialect } from './dialects/mistral.ts'
import { ollamaDialect } from './dialects/ollama.ts'
import { openAIDialect } from './dialects/openai.ts'
import { openRouterDialect } from './dialects/openrouter.ts'
import { vLLMDialect } from './dialects/vllm.ts'

/** All dialects. Gateways come first, because they pass on what others send. */
export const providerDialects: readonly Dialect[] = [
  openRouterDialect,
  liteLLMDialect,
  azureDialect,
  bedrockDialect,
  geminiDialect,
  deepSeekDialect,
  mistralDialect,
  groqDialect,
  ollamaDialect,
  vLLMDialect,
  lmStudioDialect,
  llamaCppDialect,
  openAIDialect,
  anthropicDialect,
]

/**
 * What is assumed of a server of unknown make in Anthropic's format. There, results of tools are in the user's turn, and the
 * user's next words follow them in it: no answer has to stand between.
 */
const defaultAnthropicFormatDialect: Dialect = {
  ...defaultDialect,
  roles: { ...defaultDialect.roles, alternates: false },
}

const listEntrySchema = z.record(z.string(), z.unknown())

/** What a provider has sent with its list of models. */
export interface DialectEvidence {
  readonly headers?: Headers
  /** The entries of the list, as it sent them. */
  readonly modelList?: readonly unknown[]
}

/**
 * Selects the dialect of a provider: by the host of its URL, then by what its list of models shows, then by its port, then by
 * its type. A server of unknown make gets the default dialect: its rules are the strictest of its format. Only what a server
 * says of itself counts, because gateways name the makers of other servers.
 */
export function selectDialect(
  { type, baseURL }: Pick<Provider, 'type' | 'baseURL'>,
  evidence: DialectEvidence = {},
): Dialect {
  // The address of a gateway in front of Azure says nothing, the type does.
  if (baseURL === null || type === 'azure') return findDialect(({ defaultOf }) => defaultOf === type) ?? defaultDialect
  const { hostname, port } = new URL(baseURL)
  return (
    findDialect(({ host }) => host?.test(hostname.toLowerCase()) ?? false) ??
    findDialect((recognition) => matchesEvidence(recognition, evidence)) ??
    findDialect((recognition) => port !== '' && recognition.port === Number(port)) ??
    (type === 'anthropic' ? defaultAnthropicFormatDialect : defaultDialect)
  )
}

function findDialect(matches: (recognition: DialectRecognition) => boolean): Dialect | undefined {
  return providerDialects.find(({ recognition }) => matches(recognition))
}

function matchesEvidence(recognition: DialectRecognition, { headers, modelList = [] }: DialectEvidence): boolean {
  const { responseHeaders = {}, modelOwner, modelField } = recognition
  if (Object.entries(responseHeaders).some(([name, pattern]) => pattern.test(headers?.get(name) ?? ''))) return true
  return modelList.some((entry) => {
    const { data } = listEntrySchema.safeParse(entry)
    if (!data) return false
    const isOwner = typeof data['owned_by'] === 'string' && (modelOwner?.test(data['owned_by']) ?? false)
    return isOwner || (modelField !== undefined && Object.hasOwn(data, modelField))
  })
}
