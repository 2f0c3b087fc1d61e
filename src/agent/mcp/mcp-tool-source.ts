import { isDeepStrictEqual } from 'node:util'
import type { ConfiguredMcpServer } from '../../config/profile/mcp/mcp-server.ts'
import type { HttpClient } from '../../lib/http/http-client.ts'
import type { Logger } from '../../lib/logger.ts'
import type { McpServerStatus } from '../tools/mcp-server-status.ts'
import type { Tool } from '../tools/tool.ts'
import type { AvailableToolsWithNotes, ToolSource } from '../tools/tool-source.ts'
import { createUnusedMcpServer } from './create-unused-mcp-server.ts'
import type { ManagedMcpServer } from './managed-mcp-server.ts'
import { McpServerSupervisor } from './mcp-server-supervisor.ts'

export interface McpToolSourceOptions {
  readonly servers: readonly ConfiguredMcpServer[]
  readonly httpClient: HttpClient
  readonly log: Logger
  /** Milliseconds from the begin of a server's start for which answers wait for it. Default: 1 second. */
  readonly startWaitMs?: number
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number
}

interface McpServerEntry {
  readonly settings: ConfiguredMcpServer
  readonly server: ManagedMcpServer
}

/**
 * Provides the tools of all MCP servers of a profile. A server that is not ready delays answers for a moment, once; they
 * go on without its tools, and models are told which servers are still starting.
 */
export class McpToolSource implements ToolSource {
  readonly #options: Omit<McpToolSourceOptions, 'servers'>
  #entries: readonly McpServerEntry[]
  /** Servers that are configured no more, but still have a call to finish. */
  readonly #retiring = new Set<ManagedMcpServer>()

  constructor({ servers, ...options }: McpToolSourceOptions) {
    this.#options = options
    this.#entries = servers.map((settings) => this.#createEntry(settings))
  }

  get #servers(): ManagedMcpServer[] {
    return this.#entries.map(({ server }) => server)
  }

  /**
   * Replaces the configuration. A server with the same settings is not touched. One that is removed or changed is stopped
   * when its running calls have ended; a changed one is started again if it was started before.
   */
  configure(servers: readonly ConfiguredMcpServer[]): void {
    const previous = this.#entries
    this.#entries = servers.map(
      (settings) =>
        previous.find((entry) => isDeepStrictEqual(entry.settings, settings)) ?? this.#createEntry(settings),
    )
    for (const { settings, server } of previous.filter((each) => !this.#entries.includes(each))) {
      const replacement = this.#entries.find((each) => each.settings.name === settings.name)
      const wasStarted = settings.type !== 'unused' && server.status.state !== 'IDLE'
      const stopped = this.#retire(server)
      if (replacement && wasStarted) void stopped.then(() => replacement.server.listTools())
    }
  }

  #createEntry(settings: ConfiguredMcpServer): McpServerEntry {
    const { startWaitMs = 1_000, now = () => performance.now(), ...options } = this.#options
    const server =
      settings.type === 'unused'
        ? createUnusedMcpServer(settings)
        : new McpServerSupervisor({ ...options, server: settings, startWaitMs, now })
    return { settings, server }
  }

  async #retire(server: ManagedMcpServer): Promise<void> {
    this.#retiring.add(server)
    await server
      .retire()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'An MCP server could not be stopped.'))
    this.#retiring.delete(server)
  }

  async listTools(): Promise<AvailableToolsWithNotes> {
    const lists = await Promise.all(this.#servers.map((server) => server.listTools()))
    return { tools: lists.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1)), notes: this.listNotes() }
  }

  listNotes(): readonly string[] {
    const offering = this.#servers.filter(({ status }) => status.tools.length > 0)
    const starting = this.#servers.filter(({ status }) => status.state === 'STARTING' && status.tools.length === 0)
    const instructions = offering.flatMap(({ status, prefix, instructions: text }) =>
      text === null ? [] : [formatInstructions(status.name, prefix, text)],
    )
    return [...instructions, ...formatStartingServers(starting.map(({ status }) => status.name))]
  }

  async findTool(name: string, signal: AbortSignal): Promise<Tool | null> {
    const server = this.#servers.find(({ prefix }) => name.startsWith(`${prefix}__`))
    return server ? server.findTool(name, signal) : null
  }

  listMcpServers(): readonly McpServerStatus[] {
    return this.#servers.map(({ status }) => status)
  }

  /** Resolves when all servers have been stopped, which takes less than a second. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers, ...this.#retiring].map((server) => server.close()))
  }
}

function formatInstructions(name: string, prefix: string, text: string): string {
  return `Instructions of the MCP server ${JSON.stringify(name)} for its tools, whose names begin with ${prefix}__:\n${text}`
}

/** One line, or none. */
function formatStartingServers(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const list = names.map((name) => JSON.stringify(name)).join(', ')
  return [`These MCP servers are still starting, and their tools come later: ${list}.`]
}
