import type { McpServerStatus } from '../agent/tools/mcp-server-status.ts'
import type { Tool } from '../agent/tools/tool.ts'
import type { ProfileServices } from './profile-services.ts'

/** What happens when a model calls a tool: it runs, a user is asked, or the call is refused. */
export type ToolPolicy = 'ALLOW' | 'ASK' | 'DENY'

/** A tool with the policy that the approvals in force give it. */
export interface McpToolWithPolicy {
  readonly tool: Tool
  readonly policy: ToolPolicy
}

export interface McpServerWithPolicies {
  readonly status: McpServerStatus
  readonly tools: readonly McpToolWithPolicy[]
}

/** The MCP servers of a profile in the order of its configuration. Starts none. */
export async function listMcpServers({
  toolbox,
  profile,
}: Pick<ProfileServices, 'toolbox' | 'profile'>): Promise<McpServerWithPolicies[]> {
  const allowedTools = new Set(await profile.approvalRules.listAllowedTools())
  const findPolicy = (tool: Tool): ToolPolicy => {
    const action = toolbox.findApprovalAction(tool)
    if (action === 'deny') return 'DENY'
    return action === 'allow' || allowedTools.has(tool.name) ? 'ALLOW' : 'ASK'
  }
  return toolbox
    .listMcpServers()
    .map((status) => ({ status, tools: status.tools.map((tool) => ({ tool, policy: findPolicy(tool) })) }))
}
