import { noOmissions } from '../../../src/agent/content-omissions.ts'
import { noToolImageSupport } from '../../../src/agent/models/content-support/image-support.ts'
import type { Agent, SummaryAndTitleGenerator } from '../../../src/agent/agent.ts'
import { openAIDialect } from '../../../src/agent/providers/dialects/openai.ts'
import type { ResolvedModel } from '../../../src/agent/models/resolved-model.ts'
import { unscaledTokenCounter } from '../../../src/agent/tokens/token-counter.ts'

/** Rejects every request. */
export const failingTextGenerator: SummaryAndTitleGenerator = {
  generateSummary: async () => Promise.reject(new Error('No summary was expected.')),
  generateTitle: async () => Promise.reject(new Error('No title was expected.')),
}

/** A model that answers with an agent. It has an unlimited context window, no text generator, and accepts
 * messages in any order. */
export function newResolvedModel(agent: Agent, overrides: Partial<ResolvedModel> = {}): ResolvedModel {
  return {
    statedContextWindow: overrides.contextWindow ?? Number.POSITIVE_INFINITY,
    id: 'test/agent',
    name: 'agent',
    agent,
    textGenerator: failingTextGenerator,
    contextWindow: Number.POSITIVE_INFINITY,
    maxOutputTokens: null,
    tokenCounter: unscaledTokenCounter,
    reservedTokens: 0,
    countToolTokens: async () => 0,
    isContextWindowKnown: Number.isFinite(overrides.contextWindow ?? Number.POSITIVE_INFINITY),
    efforts: [],
    toolImages: noToolImageSupport,
    pdfs: null,
    omissions: noOmissions,
    dialect: openAIDialect,
    ...overrides,
  }
}
