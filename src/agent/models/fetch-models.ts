import { APICallError } from 'ai'
import type { Provider } from '../../config/profile/provider.ts'
import { AgentError } from '../agent.ts'
import { toAgentError } from '../providers/errors/classify-provider-error.ts'
import { parseJsonOrNull } from '../../lib/text/json.ts'
import type { Dialect } from '../providers/dialect.ts'
import { requestModelList } from '../providers/request-model-list.ts'
import { selectDialect } from '../providers/select-dialect.ts'
import { isChatModel } from './is-chat-model.ts'
import { parseModelListEntries, type ProviderModel, readModelListEntries } from './parse-model-list.ts'

export interface FetchedModelList {
  readonly models: readonly ProviderModel[]
  /** What the list and the headers of its response show. */
  readonly dialect: Dialect
}

/** Fetches the chat models of a provider. Rejects with an AgentError if there is no valid list within 3 s. */
export async function fetchModels(provider: Provider, fetch: typeof globalThis.fetch): Promise<FetchedModelList> {
  // Azure lists what could be deployed, not the deployments.
  if (provider.type === 'azure') return { models: [], dialect: selectDialect(provider) }
  const { text, headers } = await fetchModelList(provider, fetch).catch((error: unknown) => {
    throw toAgentError(error, provider.apiKey === null ? [] : [provider.apiKey])
  })
  const entries = readModelListEntries(parseJsonOrNull(text))
  if (!entries) throw new AgentError('PROVIDER', 'The provider sent an invalid list of models.')
  return {
    models: parseModelListEntries(entries).filter((model) => isChatModel(provider.type, model)),
    dialect: selectDialect(provider, { headers, modelList: entries }),
  }
}

async function fetchModelList(provider: Provider, fetch: typeof globalThis.fetch) {
  const response = await requestModelList(provider, fetch)
  const text = await response.text()
  if (!response.ok)
    throw new APICallError({
      url: '',
      message: '',
      requestBodyValues: {},
      statusCode: response.status,
      responseBody: text,
    })
  return { text, headers: response.headers }
}
