import type { McpServer } from '../../config/profile/mcp-server.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Tool, ToolSource } from '../tools/tool.ts'
import { McpServerSupervisor } from './mcp-server-supervisor.ts'

export interface McpToolSourceOptions {
  readonly servers: readonly McpServer[]
  readonly log: Logger
  /** Milliseconds that the start of a server may take; 30 seconds where nothing is said. */
  readonly startTimeoutMs?: number
  /** A clock that only goes forward, in milliseconds. */
  readonly now?: () => number
}

/**
 * The tools of all MCP servers of a profile. A server that cannot be had costs its own tools, a warning, and those who
 * come first the time that its start may take.
 */
export class McpToolSource implements ToolSource {
  readonly #servers: readonly McpServerSupervisor[]

  constructor({ servers, log, startTimeoutMs = 30_000, now = () => performance.now() }: McpToolSourceOptions) {
    this.#servers = servers.map((server) => new McpServerSupervisor({ server, log, startTimeoutMs, now }))
  }

  async tools(): Promise<readonly Tool[]> {
    const lists = await Promise.all(this.#servers.map((server) => server.tools()))
    return lists.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Resolves when nothing of any server is left, at the latest within a second. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()))
  }
}
