import { setTimeout as pause } from 'node:timers/promises'
import type { McpServer } from '../../config/profile/mcp-server.ts'
import type { Json } from '../../lib/json.ts'
import type { Logger } from '../../lib/logger.ts'
import { redact, removeSecrets } from '../../lib/redact.ts'
import { type Tool, ToolError } from '../tools/tool.ts'
import { type ToolInvocation, callTool } from './call-tool.ts'
import { connect, type Connection, ConnectionError, describeMcpError } from './transport/connection.ts'
import { NotExecutedError } from './transport/http-request.ts'
import { RestartBackoff } from './restart-backoff.ts'
import { type ListedTool, listTools } from './tool-list.ts'
import { toTools } from './to-tools.ts'
import { rejectOnAbort } from '../../lib/reject-on-abort.ts'

export interface McpServerSupervisorOptions {
  readonly server: McpServer
  readonly log: Logger
  /** Milliseconds that a start may take, with the list of tools. */
  readonly startTimeoutMs: number
  /** A clock that only goes forward, in milliseconds. */
  readonly now: () => number
}

/** How long those wait who need it soon after a failure, in milliseconds: it is not to hold up every turn. */
const startWaitAfterFailureMs = 1_000

/** How long a list of tools may take that is read again, in milliseconds. */
const listTimeoutMs = 5_000

/** Over HTTP nobody may tell that the tools are others now: the list is read again after so many milliseconds. */
const toolListTtlMs = 5 * 60_000

/** How much of what a program said last is logged, in characters. */
const maxLoggedOutputLength = 4_096

/** One server: started when it is needed, and again when it has died. */
export class McpServerSupervisor {
  readonly #options: McpServerSupervisorOptions
  readonly #backoff: RestartBackoff
  readonly #closeController = new AbortController()
  #connection: Connection | null = null
  #pendingStart: Promise<Connection | null> | null = null
  #startedAt = 0
  #tools: readonly Tool[] = []
  #listedAt = 0
  #isToolListStale = false
  #pendingList: Promise<void> | null = null
  /** Why it cannot be started; told once. */
  #startError: string | null = null

  constructor(options: McpServerSupervisorOptions) {
    this.#options = options
    this.#backoff = new RestartBackoff(options.now)
  }

  /** Its tools; none while it cannot be had. Never rejects. */
  async tools(): Promise<readonly Tool[]> {
    let connection = await this.#waitForConnection()
    // Whoever comes while it is being read again waits for the new one, too.
    if (connection && (this.#pendingList || this.#needsToolList())) {
      await this.#refreshTools(connection)
      connection = await this.#waitForConnection()
    }
    return connection ? this.#tools : []
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closeController.abort(new Error('it is being closed'))
    await this.#pendingStart
    await this.#connection?.close()
  }

  async #waitForConnection(): Promise<Connection | null> {
    if (this.#connection) return this.#connection
    const starting = this.#start()
    return this.#backoff.hasRecentFailures
      ? Promise.race([starting, pause(startWaitAfterFailureMs, null, { ref: false })])
      : starting
  }

  async #start(): Promise<Connection | null> {
    if (this.#closeController.signal.aborted || !this.#backoff.isElapsed) return null
    this.#pendingStart ??= this.#tryToStart().finally(() => (this.#pendingStart = null))
    return this.#pendingStart
  }

  async #tryToStart(): Promise<Connection | null> {
    const { server, startTimeoutMs, now } = this.#options
    const startTimeout = new AbortController()
    const timeoutError = new Error(`it was not ready within ${startTimeoutMs / 1000} seconds`)
    const timer = setTimeout(() => startTimeout.abort(timeoutError), startTimeoutMs)
    const signal = AbortSignal.any([this.#closeController.signal, startTimeout.signal])
    this.#isToolListStale = false
    try {
      const connection = await connect(server, { signal, onToolListChanged: () => (this.#isToolListStale = true) })
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
    const { message, output } = error instanceof ConnectionError ? error : new ConnectionError(String(error))
    if (message === this.#startError) return
    this.#startError = message
    this.#warn('An MCP server cannot be started: its tools are missing.', message, output)
  }

  #onDisconnect(connection: Connection, reason: string): void {
    if (this.#connection !== connection) return
    this.#connection = null
    const isProgram = this.#options.server.type === 'stdio'
    // A program has no reason to end; the others forget sessions and close streams as they like.
    this.#backoff.recordExit(isProgram ? this.#options.now() - this.#startedAt : Infinity)
    void connection.close()
    if (this.#closeController.signal.aborted || !isProgram) return
    this.#warn('An MCP server has ended: it is started again when it is needed.', reason, connection.output())
  }

  #needsToolList(): boolean {
    const isStdio = this.#options.server.type === 'stdio'
    return this.#isToolListStale || (!isStdio && this.#options.now() - this.#listedAt >= toolListTtlMs)
  }

  #refreshTools(connection: Connection): Promise<void> {
    this.#pendingList ??= this.#fetchTools(connection).finally(() => (this.#pendingList = null))
    return this.#pendingList
  }

  async #fetchTools(connection: Connection): Promise<void> {
    this.#isToolListStale = false
    this.#listedAt = this.#options.now()
    try {
      this.#setTools(await listTools(connection.client, AbortSignal.timeout(listTimeoutMs)))
    } catch (error) {
      if (error instanceof NotExecutedError) this.#onDisconnect(connection, error.message)
      else if (connection.closeReason() === null) {
        this.#warn('An MCP server does not list its tools: the old list stays.', describeMcpError(error))
      }
    }
  }

  #setTools(listedTools: readonly ListedTool[]): void {
    const { name } = this.#options.server
    const { tools, skipped } = toTools(name, listedTools, (call) => this.#call(call))
    this.#tools = tools
    this.#listedAt = this.#options.now()
    for (const reason of skipped) this.#warn('A tool of an MCP server is left out.', reason)
  }

  /** What is not secret reaches whoever asked, as it is. */
  async #call(call: ToolInvocation): Promise<Json> {
    try {
      return await this.#callWithReconnect(call)
    } catch (error) {
      if (!(error instanceof ToolError)) throw error
      throw new ToolError(removeSecrets(error.message, this.#options.server.secrets))
    }
  }

  /** A server that did not look at the call, as one that has forgotten the session, is reached again and asked again. */
  async #callWithReconnect(call: ToolInvocation): Promise<Json> {
    const connection = await this.#requireConnection(call.signal)
    try {
      return await callTool(connection, call)
    } catch (error) {
      if (!(error instanceof NotExecutedError)) throw error
      this.#onDisconnect(connection, error.message)
    }
    try {
      return await callTool(await this.#requireConnection(call.signal), call)
    } catch (error) {
      throw error instanceof NotExecutedError ? new ToolError(`${unavailableMessage}: ${error.message}.`) : error
    }
  }

  async #requireConnection(signal: AbortSignal): Promise<Connection> {
    const connection = this.#connection ?? (await rejectOnAbort(this.#start(), signal))
    if (connection) return connection
    throw new ToolError(`${unavailableMessage}${this.#startError === null ? '' : `: ${this.#startError}`}.`)
  }

  #warn(message: string, reason: string, output = ''): void {
    const { server, log } = this.#options
    const { name, secrets } = server
    const loggedOutput = redact(output, secrets).slice(-maxLoggedOutputLength).trim()
    log.warn({ server: name, reason: redact(reason, secrets), ...(loggedOutput && { said: loggedOutput }) }, message)
  }
}

const unavailableMessage = 'The server of this tool cannot be had now'
