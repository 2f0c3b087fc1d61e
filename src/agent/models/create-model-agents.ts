import { listProviderSecrets } from '../../config/list-secrets.ts'
import type { Provider } from '../../config/profile/provider.ts'
import type { Logger } from '../../lib/logger.ts'
import type { ModelPricing } from '../../usage/model-prices.ts'
import type { Agent, SummaryAndTitleGenerator } from '../agent.ts'
import { createModelAgent, type ModelAgentOptions } from '../model-agent/model-agent.ts'
import { createLanguageModel } from '../providers/create-language-model.ts'
import type { Dialect } from '../providers/dialect.ts'
import type { ProviderConnections } from '../providers/http/provider-connections.ts'
import type { ProviderRequestPriority } from '../providers/http/provider-request-queue.ts'
import { createModelSummaryGenerator } from '../text-generation/model-summary-generator.ts'

type ObservedModelOptions = Required<
  Pick<
    ModelAgentOptions,
    'contextWindow' | 'listEfforts' | 'maxOutputTokens' | 'maxSteps' | 'observer' | 'tokenCounter' | 'toolbox'
  >
>

export interface ModelAgentsOptions extends ObservedModelOptions {
  readonly connections: ProviderConnections
  readonly dialect: Dialect
  readonly pricing: ModelPricing
  readonly log: Logger
}

/** Creates what answers with a model of a provider, and what writes summaries and titles with it. */
export function createModelAgents(
  provider: Provider,
  name: string,
  { connections, dialect, pricing, log, toolbox, maxSteps, ...model }: ModelAgentsOptions,
): { readonly agent: Agent; readonly textGenerator: SummaryAndTitleGenerator } {
  const createOptions = (priority: ProviderRequestPriority) => ({
    ...model,
    model: createLanguageModel(provider, name, { fetch: connections.createFetch(provider), log, dialect }),
    secrets: listProviderSecrets(provider),
    requestPolicy: connections.createRequestPolicy(provider, priority),
    toolLimits: dialect.tools,
    statesOutputLimit: provider.type === 'anthropic',
  })
  const { contextWindow, tokenCounter } = model
  return {
    agent: createModelAgent({ ...createOptions('answer'), toolbox, maxSteps }),
    textGenerator: createModelSummaryGenerator(
      {
        background: createModelAgent({ ...createOptions('background'), maxSteps: 1 }),
        urgent: createModelAgent({ ...createOptions('answer'), maxSteps: 1 }),
      },
      { contextWindow, tokenCounter, pricing },
    ),
  }
}
