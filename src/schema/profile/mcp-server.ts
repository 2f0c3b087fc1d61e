import type { OmittedMcpTool } from '../../agent/tools/mcp-server-status.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { listMcpServers, type McpServerWithPolicies, type McpToolWithPolicy } from '../../services/list-mcp-servers.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'

const McpServerStateEnum = schemaBuilder.enumType('McpServerState', {
  description: 'The state of an MCP server.',
  values: {
    IDLE: { description: 'It is started when an answer needs tools.' },
    STARTING: { description: 'It is being started. Answers go on without its tools meanwhile.' },
    READY: { description: 'Its tools can be called.' },
    BACKOFF: { description: 'It has ended, and is started again when it is needed, after a pause.' },
    FAILED: {
      description: 'It could not be started, which is tried again later, or its entry in the configuration is invalid.',
    },
    DISABLED: { description: 'The configuration turns it off.' },
  } as const,
})

const ToolPolicyEnum = schemaBuilder.enumType('ToolPolicy', {
  description: 'What happens when a model calls a tool.',
  values: {
    ALLOW: { description: 'It runs at once.' },
    ASK: { description: 'It runs after a user has allowed it, see `Approval`.' },
    DENY: { description: 'It is refused.' },
  } as const,
})

const McpToolType = schemaBuilder.objectRef<McpToolWithPolicy>('McpTool').implement({
  description: 'A tool of an MCP server.',
  fields: (t) => ({
    name: t.string({
      description: 'The name of the tool as models see it: `<server>__<tool>`.',
      resolve: ({ tool }) => tool.name,
    }),
    description: t.string({
      nullable: true,
      description: 'What the tool does, in the words of its server. Null if the server does not say.',
      resolve: ({ tool }) => tool.description || null,
    }),
    readOnly: t.boolean({
      description: 'True if the tool claims to change nothing.',
      resolve: ({ tool }) => tool.isReadOnly,
    }),
    policy: t.expose('policy', {
      type: ToolPolicyEnum,
      description: 'Whether the tool runs at once, asks, or is refused, by the approvals in force.',
    }),
  }),
})

const OmittedMcpToolType = schemaBuilder.objectRef<OmittedMcpTool>('OmittedMcpTool').implement({
  description: 'A tool of an MCP server that models are not offered.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the tool as models would see it.' }),
    reason: t.exposeString('reason', { description: 'Why it is left out.' }),
  }),
})

const McpServerType = schemaBuilder.objectRef<McpServerWithPolicies>('McpServer').implement({
  description: 'An MCP server in the configuration of a profile.',
  fields: (t) => ({
    name: t.string({
      description:
        'The name of the server in the configuration. In the names of its tools, characters that providers reject are `_`.',
      resolve: ({ status }) => status.name,
    }),
    state: t.field({
      type: McpServerStateEnum,
      description: 'The state of the server.',
      resolve: ({ status }) => status.state,
    }),
    error: t.string({
      nullable: true,
      description: 'What went wrong last and what to do, without secrets. Null while the server is well.',
      resolve: ({ status }) => status.error,
    }),
    since: t.field({
      type: 'DateTime',
      description: 'The time at which the state began.',
      resolve: ({ status }) => status.since,
    }),
    tools: t.expose('tools', {
      type: [McpToolType],
      description: 'The tools that models are offered, by name. Empty until the server was ready once.',
    }),
    omittedTools: t.field({
      type: [OmittedMcpToolType],
      description:
        'The tools that models are not offered: `include` and `exclude` in the configuration leave them out, or no model can call them.',
      resolve: ({ status }) => status.omittedTools,
    }),
  }),
})

schemaBuilder.queryField('mcpServers', (t) =>
  t.field({
    type: [McpServerType],
    description: 'The MCP servers of a profile, in the order of its configuration. The query starts none of them.',
    args: profileArgs,
    resolve: async (_, { profile }, { profiles }) => {
      const services = await profiles.findProfile(parseProfileName(profile, 'profile'))
      return services ? listMcpServers(services) : []
    },
  }),
)
