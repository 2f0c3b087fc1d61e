import { noToolImages } from '../../../src/agent/models/image-support.ts'
import type { Agent, SummaryAndTitleGenerator } from '../../../src/agent/agent.ts'
import type { ResolvedModel } from '../../../src/agent/models/model-registry.ts'

/** Rejects every request. */
export const failingTextGenerator: SummaryAndTitleGenerator = {
  generateSummary: async () => Promise.reject(new Error('No summary was expected.')),
  generateTitle: async () => Promise.reject(new Error('No title was expected.')),
}

/** A model that answers with an agent. It has an unlimited context window and no text generator. */
export function newResolvedModel(agent: Agent, overrides: Partial<ResolvedModel> = {}): ResolvedModel {
  return {
    id: 'test/agent',
    name: 'agent',
    agent,
    textGenerator: failingTextGenerator,
    contextWindow: Number.POSITIVE_INFINITY,
    toolImages: noToolImages,
    ...overrides,
  }
}
