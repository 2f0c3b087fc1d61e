import type { Agent, TextGenerator } from '../../../src/agent/agent.ts'
import type { ResolvedModel } from '../../../src/agent/models/model-registry.ts'

/** Nobody asked it to write: it fails. */
export const failingTextGenerator: TextGenerator = {
  generateSummary: async () => Promise.reject(new Error('no summary was asked for')),
  generateTitle: async () => Promise.reject(new Error('no title was asked for')),
}

/** A model that an agent answers for; its window holds everything, and it writes nothing. */
export function newResolvedModel(agent: Agent, overrides: Partial<ResolvedModel> = {}): ResolvedModel {
  return {
    id: 'test/agent',
    name: 'agent',
    agent,
    textGenerator: failingTextGenerator,
    contextWindow: Number.POSITIVE_INFINITY,
    ...overrides,
  }
}
