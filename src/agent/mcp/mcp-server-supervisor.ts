import { setTimeout as pause } from 'node:timers/promises'
import type { McpServer } from '../../config/profile/mcp-server.ts'
import type { Json } from '../../lib/text/json.ts'
import type { Logger } from '../../lib/logger.ts'
import { redact, removeSecrets } from '../../lib/text/redact.ts'
import { type Tool, ToolError } from '../tools/tool.ts'
import { type McpToolInvocation, callMcpTool } from './call-mcp-tool.ts'
import { connectToMcpServer } from './transport/connect-to-mcp-server.ts'
import type { McpConnection } from './transport/mcp-connection.ts'
import { type McpFailureReason, formatMcpFailure } from './transport/mcp-failure-reason.ts'
import { McpConnectionError, McpError, McpNotExecutedError } from './transport/mcp-error.ts'
import { toMcpFailureReason } from './transport/to-mcp-failure-reason.ts'
import { RestartBackoff } from './restart-backoff.ts'
import { type ListedMcpTool, listMcpTools } from './list-mcp-tools.ts'
import { mcpToolsToTools } from './mcp-tools-to-tools.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'

export interface McpServerSupervisorOptions {
  readonly server: McpServer
  readonly log: Logger
  /** Milliseconds until a start fails. It includes listing the tools. */
  readonly startTimeoutMs: number
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
}

/** How long callers wait for a start soon after a failure, so that a broken server does not delay every turn. */
const startWaitAfterFailureMs = 1_000

/** Timeout for listing the tools again. */
const listTimeoutMs = 5_000

/** How long a tool list over HTTP is valid. A server may lack a way to report changes. */
const toolListTtlMs = 5 * 60_000

/** How much of a program's latest output is logged. */
const maxLoggedOutputLength = 4_096 // UTF-16 code units

/** Supervises one MCP server: starts it when it is needed, and restarts it when it has ended. */
export class McpServerSupervisor {
  readonly #options: McpServerSupervisorOptions
  readonly #backoff: RestartBackoff
  readonly #closeController = new AbortController()
  #connection: McpConnection | null = null
  #pendingStart: Promise<McpConnection | null> | null = null
  #startedAt = 0
  #tools: readonly Tool[] = []
  #listedAt = 0
  #isToolListStale = false
  #pendingList: Promise<void> | null = null
  /** Why the last start failed. Each reason is logged once. */
  #startError: string | null = null

  constructor(options: McpServerSupervisorOptions) {
    this.#options = options
    this.#backoff = new RestartBackoff(options.now)
  }

  /** The tools of the server; empty if it cannot be started. Never rejects. */
  async listTools(): Promise<readonly Tool[]> {
    let connection = await this.#waitForConnection()
    // While the list is being read again, all callers wait for the new one.
    if (connection && (this.#pendingList || this.#needsToolList())) {
      await this.#refreshTools(connection)
      connection = await this.#waitForConnection()
    }
    return connection ? this.#tools : []
  }

  /** Resolves when the server has been stopped. */
  async close(): Promise<void> {
    this.#closeController.abort(new McpError({ kind: 'stopped' }))
    await this.#pendingStart
    await this.#connection?.close()
  }

  async #waitForConnection(): Promise<McpConnection | null> {
    if (this.#connection) return this.#connection
    const starting = this.#start()
    return this.#backoff.hasRecentFailures
      ? Promise.race([starting, pause(startWaitAfterFailureMs, null, { ref: false })])
      : starting
  }

  async #start(): Promise<McpConnection | null> {
    if (this.#closeController.signal.aborted || !this.#backoff.isElapsed) return null
    this.#pendingStart ??= this.#tryToStart().finally(() => (this.#pendingStart = null))
    return this.#pendingStart
  }

  async #tryToStart(): Promise<McpConnection | null> {
    const { server, startTimeoutMs, now } = this.#options
    const startTimeout = new AbortController()
    const timeoutError = new McpError({ kind: 'start-timeout', timeoutMs: startTimeoutMs })
    const timer = setTimeout(() => startTimeout.abort(timeoutError), startTimeoutMs)
    const signal = AbortSignal.any([this.#closeController.signal, startTimeout.signal])
    this.#isToolListStale = false
    try {
      const connection = await connectToMcpServer(server, {
        signal,
        onToolListChanged: () => (this.#isToolListStale = true),
      })
      this.#connection = connection
      this.#startedAt = now()
      this.#startError = null
      this.#setTools(connection.listedTools)
      void connection.closed.then((reason) => this.#onDisconnect(connection, reason))
      return connection
    } catch (error) {
      if (!this.#closeController.signal.aborted) this.#onStartError(error)
      return null
    } finally {
      clearTimeout(timer)
    }
  }

  #onStartError(error: unknown): void {
    this.#backoff.recordFailure()
    const { message, output } =
      error instanceof McpConnectionError ? error : new McpConnectionError(toMcpFailureReason(error))
    if (message === this.#startError) return
    this.#startError = message
    this.#warn('MCP server could not be started. Its tools are missing.', message, output)
  }

  #onDisconnect(connection: McpConnection, reason: McpFailureReason): void {
    if (this.#connection !== connection) return
    this.#connection = null
    const isProgram = this.#options.server.type === 'stdio'
    // Remote servers may drop sessions and close streams at any time. A program should not end.
    this.#backoff.recordExit(isProgram ? this.#options.now() - this.#startedAt : Infinity)
    void connection.close()
    if (this.#closeController.signal.aborted || !isProgram) return
    this.#warn('MCP server ended. It is restarted when it is needed.', formatMcpFailure(reason), connection.output)
  }

  #needsToolList(): boolean {
    const isStdio = this.#options.server.type === 'stdio'
    return this.#isToolListStale || (!isStdio && this.#options.now() - this.#listedAt >= toolListTtlMs)
  }

  #refreshTools(connection: McpConnection): Promise<void> {
    this.#pendingList ??= this.#fetchTools(connection).finally(() => (this.#pendingList = null))
    return this.#pendingList
  }

  async #fetchTools(connection: McpConnection): Promise<void> {
    this.#isToolListStale = false
    this.#listedAt = this.#options.now()
    try {
      this.#setTools(await listMcpTools(connection.client, AbortSignal.timeout(listTimeoutMs)))
    } catch (error) {
      if (error instanceof McpNotExecutedError) this.#onDisconnect(connection, error.reason)
      else if (connection.closeReason === null) {
        this.#warn(
          'MCP server did not list its tools. The previous list is used.',
          formatMcpFailure(toMcpFailureReason(error)),
        )
      }
    }
  }

  #setTools(listedTools: readonly ListedMcpTool[]): void {
    const { name } = this.#options.server
    const { tools, skipped } = mcpToolsToTools(name, listedTools, (call) => this.#call(call))
    this.#tools = tools
    this.#listedAt = this.#options.now()
    for (const reason of skipped) this.#warn('Tool of an MCP server is skipped.', reason)
  }

  /** Removes secrets from error messages of the server. */
  async #call(call: McpToolInvocation): Promise<Json> {
    try {
      return await this.#callWithReconnect(call)
    } catch (error) {
      if (!(error instanceof ToolError)) throw error
      throw new ToolError(removeSecrets(error.message, this.#options.server.secrets))
    }
  }

  /** If the call had no effect, for example because the session was lost, reconnects and repeats it once. */
  async #callWithReconnect(call: McpToolInvocation): Promise<Json> {
    const connection = await this.#requireConnection(call.signal)
    try {
      return await callMcpTool(connection, call)
    } catch (error) {
      if (!(error instanceof McpNotExecutedError)) throw error
      this.#onDisconnect(connection, error.reason)
    }
    try {
      return await callMcpTool(await this.#requireConnection(call.signal), call)
    } catch (error) {
      throw error instanceof McpNotExecutedError ? createUnavailableError(error.message) : error
    }
  }

  async #requireConnection(signal: AbortSignal): Promise<McpConnection> {
    const connection = this.#connection ?? (await rejectOnAbort(this.#start(), signal))
    if (connection) return connection
    throw createUnavailableError(this.#startError)
  }

  #warn(message: string, reason: string, output = ''): void {
    const { server, log } = this.#options
    const { name, secrets } = server
    const loggedOutput = redact(output, secrets).slice(-maxLoggedOutputLength).trim()
    log.warn({ server: name, reason: redact(reason, secrets), ...(loggedOutput && { output: loggedOutput }) }, message)
  }
}

function createUnavailableError(reason: string | null): ToolError {
  return new ToolError(`The MCP server of this tool is unavailable.${reason === null ? '' : ` ${reason}`}`)
}
