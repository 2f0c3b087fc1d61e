import { setTimeout as pause } from 'node:timers/promises'
import type { McpServer } from '../../config/profile/mcp/mcp-server.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import { TaskTracker } from '../../lib/async/task-tracker.ts'
import type { HttpClient } from '../../lib/http/http-client.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Json } from '../../lib/text/json.ts'
import { redact, removeSecrets, removeSecretsFromJson } from '../../lib/text/redact.ts'
import { truncate } from '../../lib/text/truncate.ts'
import type { McpServerState, McpServerStatus } from '../tools/mcp-server-status.ts'
import { type Tool, ToolError } from '../tools/tool.ts'
import { type McpToolInvocation, callMcpTool } from './call-mcp-tool.ts'
import { formatUnavailableMcpServer } from './format-unavailable-mcp-server.ts'
import type { ManagedMcpServer } from './managed-mcp-server.ts'
import { McpElicitations } from './mcp-elicitations.ts'
import { McpServerLogger } from './mcp-server-logger.ts'
import { McpServerToolCatalog } from './mcp-server-tool-catalog.ts'
import { RestartBackoff } from './restart-backoff.ts'
import { McpToolProgressListeners } from './mcp-tool-progress-listeners.ts'
import { connectToMcpServer } from './transport/connect-to-mcp-server.ts'
import type { McpNotification } from './transport/json-rpc.ts'
import type { McpConnection } from './transport/mcp-connection.ts'
import { McpConnectionError, McpFailureError, McpNotExecutedError } from './transport/mcp-failure-error.ts'
import { type McpFailureReason, formatMcpFailure } from './transport/mcp-failure-reason.ts'
import { toMcpFailureReason } from './transport/to-mcp-failure-reason.ts'

export interface McpServerSupervisorOptions {
  readonly server: McpServer
  readonly httpClient: HttpClient
  readonly log: Logger
  /** Milliseconds from the begin of a start for which answers wait for it. */
  readonly startWaitMs: number
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
}

/** To connect again costs little, unlike to start a program. */
const maxReconnectBackoffMs = 30_000

const maxInstructionsLength = 8_192 // UTF-16 code units

/** Supervises one MCP server: starts it when it is needed, and restarts it when it has ended. */
export class McpServerSupervisor implements ManagedMcpServer {
  readonly #options: McpServerSupervisorOptions
  readonly #log: McpServerLogger
  readonly #backoff: RestartBackoff
  readonly #catalog: McpServerToolCatalog
  readonly #progress = new McpToolProgressListeners()
  readonly #elicitations = new McpElicitations()
  readonly #calls = new TaskTracker()
  readonly #closeController = new AbortController()
  #connection: McpConnection | null = null
  #pendingStart: Promise<McpConnection | null> | null = null
  /** When the last start began, by `now`. */
  #startBeganAt = 0
  #readyAt = 0
  #state: McpServerState = 'IDLE'
  #since = Date.now()
  #error: string | null = null
  /** Why the last start failed. Each reason is logged once. */
  #loggedStartError: string | null = null

  constructor(options: McpServerSupervisorOptions) {
    const { server, log, now } = options
    this.#options = options
    this.#log = new McpServerLogger(server, log, now)
    this.#backoff = this.#isProgram ? new RestartBackoff(now) : new RestartBackoff(now, maxReconnectBackoffMs)
    this.#catalog = new McpServerToolCatalog({
      server,
      now,
      log: this.#log,
      invoke: (call) => this.#calls.run(() => this.#call(call)),
      onError: (connection, error) => this.#onListError(connection, error),
    })
  }

  get prefix(): string {
    return this.#options.server.prefix
  }

  get status(): McpServerStatus {
    const { tools, omittedTools } = this.#catalog
    const { name } = this.#options.server
    return { name, state: this.#state, error: this.#error, since: this.#since, tools, omittedTools }
  }

  get instructions(): string | null {
    const text = this.#connection?.client.instructions?.trim()
    return text ? truncate(text.toWellFormed(), maxInstructionsLength) : null
  }

  async listTools(): Promise<readonly Tool[]> {
    const connection = await this.#waitBrieflyForStart()
    if (connection) await withoutWaitingLonger(this.#catalog.refresh(connection), this.#options.startWaitMs)
    // A remote server may have lost the session.
    if (connection && !this.#connection) await this.#waitBrieflyForStart()
    // The tools of a server that has ended stay: a call starts it again, or says when that will be.
    return this.#closeController.signal.aborted ? [] : this.#catalog.tools
  }

  async findTool(name: string, signal: AbortSignal): Promise<Tool | null> {
    const connection = await this.#requireConnection(signal)
    const findListedTool = (): Tool | undefined => this.#catalog.tools.find((tool) => tool.name === name)
    if (!findListedTool()) await rejectOnAbort(this.#catalog.refresh(connection), signal)
    const tool = findListedTool()
    if (tool) return tool
    const omitted = this.#catalog.omittedTools.find((each) => each.name === name)
    if (omitted) throw new ToolError(`This tool cannot be called. ${omitted.reason}`)
    return null
  }

  async retire(): Promise<void> {
    await this.#calls.waitUntilIdle()
    await this.close()
  }

  async close(): Promise<void> {
    this.#closeController.abort(new McpFailureError({ kind: 'stopped' }))
    await this.#pendingStart
    await this.#connection?.close()
  }

  async #waitBrieflyForStart(): Promise<McpConnection | null> {
    if (this.#connection) return this.#connection
    const { startWaitMs, now } = this.#options
    const starting = this.#start()
    return withoutWaitingLonger(starting, Math.max(0, this.#startBeganAt + startWaitMs - now()))
  }

  get #isProgram(): boolean {
    return this.#options.server.type === 'stdio'
  }

  /** Resolves to null if the start fails, or may not begin yet. Never rejects. */
  async #start({ ignoresBackoff = false } = {}): Promise<McpConnection | null> {
    if (this.#closeController.signal.aborted) return null
    if (this.#pendingStart === null && !ignoresBackoff && !this.#backoff.isElapsed) return null
    this.#pendingStart ??= this.#tryToStart().finally(() => (this.#pendingStart = null))
    return this.#pendingStart
  }

  async #tryToStart(): Promise<McpConnection | null> {
    const { server, httpClient, now } = this.#options
    const startTimeout = new AbortController()
    const timeoutError = new McpFailureError({ kind: 'start-timeout', timeoutMs: server.startTimeoutMs })
    const timer = setTimeout(() => startTimeout.abort(timeoutError), server.startTimeoutMs)
    const signal = AbortSignal.any([this.#closeController.signal, startTimeout.signal])
    this.#startBeganAt = now()
    this.#enterState('STARTING', null)
    try {
      const connection = await connectToMcpServer(server, {
        signal,
        httpClient,
        onNotification: (notification) => this.#onNotification(notification),
        onElicitation: (params) => this.#elicitations.handle(params),
      })
      this.#onReady(connection)
      return connection
    } catch (error) {
      this.#onStartError(error)
      return null
    } finally {
      clearTimeout(timer)
    }
  }

  #onReady(connection: McpConnection): void {
    this.#connection = connection
    this.#readyAt = this.#options.now()
    this.#loggedStartError = null
    this.#catalog.replaceTools(connection.listedTools)
    this.#enterState('READY', null)
    void connection.closed.then((reason) => this.#onDisconnect(connection, reason))
  }

  #onStartError(error: unknown): void {
    const { message, output } =
      error instanceof McpConnectionError ? error : new McpConnectionError(toMcpFailureReason(error))
    this.#backoff.recordFailure()
    this.#catalog.clear()
    this.#enterState('FAILED', appendLogHint(message, output))
    if (this.#closeController.signal.aborted || message === this.#loggedStartError) return
    this.#loggedStartError = message
    this.#log.warn('MCP server could not be started. Its tools are missing.', message, output)
  }

  #onDisconnect(connection: McpConnection, reason: McpFailureReason): void {
    if (this.#connection !== connection) return
    this.#connection = null
    // Remote servers may drop sessions and close streams at any time. A program should not end.
    this.#backoff.recordExit(this.#isProgram ? this.#options.now() - this.#readyAt : Infinity)
    const error = appendLogHint(formatMcpFailure(reason), connection.output)
    this.#enterState(this.#isProgram ? 'BACKOFF' : 'IDLE', error)
    void connection.close()
    if (this.#closeController.signal.aborted || !this.#isProgram) return
    const message = 'MCP server ended. It is restarted when it is needed.'
    this.#log.warn(message, formatMcpFailure(reason), connection.output)
  }

  #onListError(connection: McpConnection, error: unknown): void {
    if (error instanceof McpNotExecutedError) this.#onDisconnect(connection, error.reason)
    else if (connection.closeReason === null)
      this.#log.warn(
        'MCP server did not list its tools. The previous list is used.',
        formatMcpFailure(toMcpFailureReason(error)),
      )
  }

  #onNotification({ method, params }: McpNotification): void {
    switch (method) {
      case 'notifications/tools/list_changed':
        this.#catalog.invalidate()
        if (this.#connection) void this.#catalog.refresh(this.#connection)
        return
      case 'notifications/progress':
        return this.#progress.handleProgress(params)
      case 'notifications/message':
        return this.#log.logServerMessage(params)
    }
  }

  /** Removes the secrets that the server was given from what it says. */
  async #call(call: McpToolInvocation): Promise<Json> {
    try {
      return removeSecretsFromJson(await this.#callWithReconnect(call), this.#options.server.secrets)
    } catch (error) {
      if (!(error instanceof ToolError)) throw error
      throw new ToolError(removeSecrets(error.message, this.#options.server.secrets))
    }
  }

  /** If the call had no effect, for example because the session was lost, reconnects and repeats it once. */
  async #callWithReconnect(call: McpToolInvocation): Promise<Json> {
    const callOnce = async (): Promise<Json> => {
      const connection = await this.#requireConnection(call.signal)
      try {
        const callTool = (): Promise<Json> => callMcpTool(connection, call)
        return await this.#progress.listen(call.onProgress, () => this.#elicitations.listen(call.askUser, callTool))
      } catch (error) {
        if (error instanceof McpNotExecutedError) this.#onDisconnect(connection, error.reason)
        throw error
      }
    }
    try {
      return await callOnce()
    } catch (error) {
      if (!(error instanceof McpNotExecutedError)) throw error
    }
    return callOnce().catch((error: unknown) => {
      throw error instanceof McpNotExecutedError ? this.#createUnavailableError() : error
    })
  }

  /** Waits for a start. Rejects with a ToolError if there is no connection. */
  async #requireConnection(signal: AbortSignal): Promise<McpConnection> {
    if (this.#connection) return this.#connection
    try {
      // A remote server that was away may be back: to try that costs little.
      const connection = await rejectOnAbort(this.#start({ ignoresBackoff: !this.#isProgram }), signal)
      if (connection) return connection
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error
    }
    throw this.#createUnavailableError()
  }

  #createUnavailableError(): ToolError {
    const isClosed = this.#closeController.signal.aborted
    const retryInMs = this.#isProgram ? this.#backoff.remainingMs : 0
    return new ToolError(formatUnavailableMcpServer({ ...this.status, isClosed, retryInMs }))
  }

  /** `error` may contain secrets. */
  #enterState(state: McpServerState, error: string | null): void {
    this.#state = state
    this.#since = Date.now()
    this.#error = error === null ? null : redact(error, this.#options.server.secrets)
  }
}

/** Says where the output of a program is, which may contain more than clients may see. */
function appendLogHint(error: string, output: string): string {
  return output.trim() === '' ? error : `${error} Its last output is in the log.`
}

/** Resolves to what the promise resolves to, or to null if that takes longer. */
async function withoutWaitingLonger<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  const timer = new AbortController()
  const timeout = pause(timeoutMs, null, { signal: timer.signal, ref: false }).catch(() => null)
  try {
    return await Promise.race([promise, timeout])
  } finally {
    timer.abort()
  }
}
