import {
  createMCPClient,
  type ElicitResult,
  ElicitationRequestSchema,
  type MCPClient,
  type MCPClientConfig,
} from '@ai-sdk/mcp'

/** The name by which servers know Segue. */
const clientName = 'segue'

/** What servers may use: questions to the user, with a form or with a URL to show. */
const capabilities = { elicitation: { form: {}, url: {} } }

export interface McpClientOptions {
  readonly transport: MCPClientConfig['transport']
  /** Aborts the attempt to connect. */
  readonly signal: AbortSignal
  /** Whether to begin with discovery of the protocol version, which newer servers support, or with the handshake. */
  readonly usesVersionDiscovery: boolean
  /** Answers an `elicitation/create`, given its parameters. */
  readonly onElicitation: (params: unknown) => Promise<ElicitResult>
}

/** Connects a client that has every capability that Segue supports, and no other. */
export async function createMcpClient(options: McpClientOptions): Promise<MCPClient> {
  const { transport, signal, usesVersionDiscovery, onElicitation } = options
  const client = await createMCPClient({
    transport,
    clientName,
    capabilities,
    initializationOptions: { signal },
    protocolVersionDiscovery: usesVersionDiscovery,
  })
  client.onElicitationRequest(ElicitationRequestSchema, ({ params }) => onElicitation(params))
  return client
}
