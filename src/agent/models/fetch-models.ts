import { APICallError } from 'ai'
import { z } from 'zod'
import type { Provider } from '../../config/profile/provider.ts'
import { AgentError } from '../agent.ts'
import { buildAuthHeaders, resolveBaseURL } from '../providers/create-language-model.ts'
import { toAgentError } from '../providers/classify-provider-error.ts'
import { parseJsonOrNull } from '../../lib/text/json.ts'

export interface ProviderModel {
  readonly name: string
  /** Epoch milliseconds; null if the provider does not report it. */
  readonly createdAt: number | null
}

// OpenAI sends `created` in seconds, Anthropic `created_at` as ISO 8601 text, others neither.
const modelListSchema = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      created: z.number().optional().catch(undefined),
      created_at: z.string().optional().catch(undefined),
    }),
  ),
})

const fetchTimeoutMs = 3_000

/** Fetches the models of a provider. Rejects with an AgentError if there is no valid list within 3 s. */
export async function fetchModels(provider: Provider): Promise<ProviderModel[]> {
  const text = await fetchModelList(provider).catch((error: unknown) => {
    throw toAgentError(error, provider.apiKey === null ? [] : [provider.apiKey])
  })
  const list = modelListSchema.safeParse(parseJsonOrNull(text))
  if (!list.success) throw new AgentError('PROVIDER', 'The provider sent an invalid list of models.')
  const models = list.data.data.map(({ id, ...times }) => ({ name: id, createdAt: toCreatedAt(times) }))
  return provider.type === 'openai'
    ? models.filter(({ name }) => isChatModel(name) && !responsesApiOnlyPattern.test(name))
    : models
}

async function fetchModelList(provider: Provider): Promise<string> {
  // Anthropic lists 20 models by default.
  const query = provider.type === 'anthropic' ? '?limit=1000' : ''
  const response = await fetch(`${resolveBaseURL(provider)}/models${query}`, {
    headers: buildAuthHeaders(provider),
    signal: AbortSignal.timeout(fetchTimeoutMs),
  })
  const text = await response.text()
  if (!response.ok)
    throw new APICallError({
      url: '',
      message: '',
      requestBodyValues: {},
      statusCode: response.status,
      responseBody: text,
    })
  return text
}

/** Selects the default model of a provider. Returns undefined for an empty list. */
export function selectPreferredModel(type: Provider['type'], models: readonly ProviderModel[]): string | undefined {
  const chatModels = models.filter(({ name }) => isChatModel(name))
  const candidates = chatModels.length > 0 ? chatModels : models
  const preferred = candidates.filter(({ name }) => isPreferredFamily(type, name))
  return findNewest(preferred.length > 0 ? preferred : candidates)?.name
}

const nonChatModelPattern =
  /embed|rerank|whisper|tts|dall-e|image|audio|realtime|transcribe|translate|moderation|sora|babbage|davinci|search|instruct$/

/** OpenAI models that only support the Responses API. */
const responsesApiOnlyPattern = /codex|computer-use|deep-research|^(gpt|o\d).*-pro\b/

/** Whether a name looks like that of a chat model. Lists contain other models as well. */
function isChatModel(name: string): boolean {
  return !nonChatModelPattern.test(name)
}

function isPreferredFamily(type: Provider['type'], name: string): boolean {
  if (type === 'openai') return /^gpt-\d+(\.\d+)?$/.test(name)
  return type === 'anthropic' && name.includes('sonnet')
}

/** Returns the newest model; the first one if the times are equal or unknown. */
function findNewest(models: readonly ProviderModel[]): ProviderModel | undefined {
  return models.toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))[0]
}

function toCreatedAt({ created, created_at: text }: { created?: number | undefined; created_at?: string | undefined }) {
  if (created !== undefined) return created * 1000
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : time
}
