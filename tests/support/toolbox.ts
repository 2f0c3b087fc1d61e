import { ApprovalPolicy } from '../../src/agent/tools/approval-policy.ts'
import { Toolbox, type ToolboxOptions } from '../../src/agent/tools/toolbox.ts'

/** A toolbox of which a test tells what matters to it: there is no tool in it, and nothing may be kept or go wrong. */
export function newToolbox(of: Partial<ToolboxOptions> = {}): Toolbox {
  return new Toolbox({
    source: { tools: async () => [], close: async () => undefined },
    policy: new ApprovalPolicy({}),
    keep: async () => Promise.reject(new Error('nothing was to be kept')),
    toolTime: 10_000,
    decisionTime: 10_000,
    resultLength: 50_000,
    onProblem: (error) => {
      throw error
    },
    ...of,
  })
}
