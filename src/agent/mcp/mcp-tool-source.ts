import type { McpServer } from '../../config/profile/mcp-server.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Tool, ToolListing, ToolSource } from '../tools/tool.ts'
import { McpServerSupervisor } from './mcp-server-supervisor.ts'

export interface McpToolSourceOptions {
  readonly servers: readonly McpServer[]
  readonly log: Logger
  /** Milliseconds until the start of a server fails. Default: 30 seconds. */
  readonly startTimeoutMs?: number
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number
}

/**
 * Provides the tools of all MCP servers of a profile. A server that cannot be started causes a warning and lacks its
 * tools; the first caller waits until its start has failed.
 */
export class McpToolSource implements ToolSource {
  readonly #servers: readonly McpServerSupervisor[]

  constructor({ servers, log, startTimeoutMs = 30_000, now = () => performance.now() }: McpToolSourceOptions) {
    this.#servers = servers.map((server) => new McpServerSupervisor({ server, log, startTimeoutMs, now }))
  }

  async listTools(): Promise<ToolListing> {
    const lists = await Promise.all(this.#servers.map((server) => server.listTools()))
    return { tools: lists.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1)), notes: [] }
  }

  async findTool(name: string): Promise<Tool | null> {
    return (await this.listTools()).tools.find((tool) => tool.name === name) ?? null
  }

  /** Resolves when all servers have been stopped, which takes less than a second. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()))
  }
}
