import type { ConfiguredApprovals } from '../../../config/profile/approvals.ts'
import type { ConfiguredMcpServer } from '../../../config/profile/mcp/mcp-server.ts'
import { qualifyToolName } from './qualify-tool-name.ts'

/** Returns the approval rules that the entries of MCP servers contain, as other clients write them: `autoApprove`. */
export function createAutoApproveRules(servers: readonly ConfiguredMcpServer[]): ConfiguredApprovals {
  return Object.fromEntries(
    servers.flatMap((server) =>
      server.type === 'unused'
        ? []
        : server.autoApprove.map((pattern) => [toQualifiedPattern(server.prefix, pattern), 'allow' as const]),
    ),
  )
}

function toQualifiedPattern(prefix: string, pattern: string): string {
  return pattern.includes('*') ? `${prefix}__${pattern}` : qualifyToolName(prefix, pattern)
}
