import type { McpServer } from '../../config/profile/mcp/mcp-server.ts'
import type { Json } from '../../lib/text/json.ts'
import type { OmittedMcpTool } from '../tools/mcp-server-status.ts'
import type { Tool } from '../tools/tool.ts'
import type { McpToolInvocation } from './call-mcp-tool.ts'
import { type ListedMcpTool, listMcpTools } from './list-mcp-tools.ts'
import type { McpServerLogger } from './mcp-server-logger.ts'
import { mcpToolsToTools } from './conversion/mcp-tools-to-tools.ts'
import type { McpConnection } from './transport/mcp-connection.ts'

export interface McpServerToolCatalogOptions {
  readonly server: McpServer
  readonly log: McpServerLogger
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly invoke: (call: McpToolInvocation) => Promise<Json>
  /** The tools could not be listed again. The previous ones stay. */
  readonly onError: (connection: McpConnection, error: unknown) => void
}

/** Timeout for listing the tools again. */
const listTimeoutMs = 5_000

/** How long a tool list over HTTP is valid. A server may lack a way to report changes. */
const toolListTtlMs = 5 * 60_000

const maxRememberedReasons = 1_000

/** The tools of one MCP server, as it has listed them last. */
export class McpServerToolCatalog {
  readonly #options: McpServerToolCatalogOptions
  #tools: readonly Tool[] = []
  #omittedTools: readonly OmittedMcpTool[] = []
  #listedAt = 0
  #hasChanged = false
  #pendingRefresh: Promise<void> | null = null
  /** Each reason is logged once. */
  readonly #loggedReasons = new Set<string>()

  constructor(options: McpServerToolCatalogOptions) {
    this.#options = options
  }

  /** The tools that models are offered, ordered by name. */
  get tools(): readonly Tool[] {
    return this.#tools
  }

  get omittedTools(): readonly OmittedMcpTool[] {
    return this.#omittedTools
  }

  /** The server has reported that its tools have changed. */
  invalidate(): void {
    this.#hasChanged = true
  }

  /** Replaces the tools by those that a new connection has listed. */
  replaceTools(listedTools: readonly ListedMcpTool[]): void {
    const { server, now, invoke, log } = this.#options
    const { tools, unusable, excluded } = mcpToolsToTools(server, listedTools, invoke)
    this.#tools = tools
    this.#omittedTools = [...unusable, ...excluded]
    this.#listedAt = now()
    for (const { reason } of unusable)
      this.#logOnce(reason, () => log.warn('Tool of an MCP server is skipped.', reason))
    const names = excluded.map(({ name }) => name)
    if (names.length > 0)
      this.#logOnce(names.join(), () =>
        log.info('Tools of an MCP server are left out by its configuration.', { tools: names }),
      )
  }

  clear(): void {
    this.#tools = []
    this.#omittedTools = []
    this.#hasChanged = false
  }

  /** Lists the tools again if they may have changed. Concurrent callers wait for the same list. Never rejects. */
  async refresh(connection: McpConnection): Promise<void> {
    if (this.#pendingRefresh === null && !this.#isStale) return
    this.#pendingRefresh ??= this.#fetch(connection).finally(() => (this.#pendingRefresh = null))
    await this.#pendingRefresh
  }

  get #isStale(): boolean {
    const { server, now } = this.#options
    return this.#hasChanged || (server.type !== 'stdio' && now() - this.#listedAt >= toolListTtlMs)
  }

  async #fetch(connection: McpConnection): Promise<void> {
    this.#hasChanged = false
    this.#listedAt = this.#options.now()
    try {
      this.replaceTools(await listMcpTools(connection.client, AbortSignal.timeout(listTimeoutMs)))
    } catch (error) {
      this.#options.onError(connection, error)
    }
  }

  #logOnce(key: string, log: () => void): void {
    if (this.#loggedReasons.has(key)) return
    // A server may list other tools each time.
    if (this.#loggedReasons.size >= maxRememberedReasons) this.#loggedReasons.clear()
    this.#loggedReasons.add(key)
    log()
  }
}
