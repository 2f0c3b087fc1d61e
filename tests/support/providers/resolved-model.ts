import type { Agent, Writer } from '../../../src/agent/agent.ts'
import type { FoundModel } from '../../../src/agent/models/model-registry.ts'

/** Nobody asked it to write: it fails. */
export const noWriter: Writer = {
  summarise: async () => Promise.reject(new Error('no summary was asked for')),
  entitle: async () => Promise.reject(new Error('no title was asked for')),
}

/** A model that an agent answers for; its window holds everything, and it writes nothing. */
export function foundModel(agent: Agent, of: Partial<FoundModel> = {}): FoundModel {
  return { id: 'test/agent', name: 'agent', agent, writer: noWriter, window: Number.POSITIVE_INFINITY, ...of }
}
