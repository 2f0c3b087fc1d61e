import type { ModelMessage } from 'ai'
import type { AgentRun } from '../../src/agent/agent.ts'

/** A run of which a test tells what matters to it: one user's message is there, calls may run, nothing is granted. */
export function agentRun(of: Partial<AgentRun> = {}): AgentRun {
  return {
    model: 'test',
    history: async () => [{ role: 'user', content: 'Hi' }] satisfies ModelMessage[],
    mayRun: async () => true,
    isGranted: async () => false,
    signal: new AbortController().signal,
    ...of,
  }
}
