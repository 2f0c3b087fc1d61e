import { setTimeout as pause } from 'node:timers/promises'
import type { McpServer } from '../../config/profile/mcp-server.ts'
import type { Json } from '../../model/records.ts'
import type { WarningLog } from '../models/model-list-cache.ts'
import { redact, withoutSecrets } from '../../lib/redact.ts'
import { type Tool, ToolError } from '../tools/tool.ts'
import { type Call, callTool } from './call-tool.ts'
import { connect, type Connection, ConnectionError, reasonOf } from './transport/connection.ts'
import { NotDoneError } from './transport/http-request.ts'
import { Rest } from './restart-backoff.ts'
import { type ListedTool, listTools } from './tool-list.ts'
import { toTools } from './to-tools.ts'

export interface KeptServerOptions {
  readonly server: McpServer
  readonly log: WarningLog
  /** Milliseconds that a start may take, with the list of tools. */
  readonly startLimit: number
  /** A clock that only goes forward, in milliseconds. */
  readonly now: () => number
}

/** How long those wait who need it soon after a failure, in milliseconds: it is not to hold up every turn. */
const patience = 1_000

/** How long a list of tools may take that is read again, in milliseconds. */
const listLimit = 5_000

/** Over HTTP nobody may tell that the tools are others now: the list is read again after so many milliseconds. */
const freshFor = 5 * 60_000

/** How much of what a program said last is logged, in characters. */
const loggedLength = 4_096

/** One server: started when it is needed, and again when it has died. */
export class KeptServer {
  readonly #options: KeptServerOptions
  readonly #rest: Rest
  readonly #closing = new AbortController()
  #connection: Connection | null = null
  #starting: Promise<Connection | null> | null = null
  #startedAt = 0
  #tools: readonly Tool[] = []
  #listedAt = 0
  #isListOld = false
  #listing: Promise<void> | null = null
  /** Why it cannot be started; told once. */
  #fault: string | null = null

  constructor(options: KeptServerOptions) {
    this.#options = options
    this.#rest = new Rest(options.now)
  }

  /** Its tools; none while it cannot be had. Never rejects. */
  async tools(): Promise<readonly Tool[]> {
    let connection = await this.#soon()
    // Whoever comes while it is being read again waits for the new one, too.
    if (connection && (this.#listing || this.#needsList())) {
      await this.#listAgain(connection)
      connection = await this.#soon()
    }
    return connection ? this.#tools : []
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('it is being closed'))
    await this.#starting
    await this.#connection?.close()
  }

  async #soon(): Promise<Connection | null> {
    if (this.#connection) return this.#connection
    const starting = this.#start()
    return this.#rest.isTroubled ? Promise.race([starting, pause(patience, null, { ref: false })]) : starting
  }

  async #start(): Promise<Connection | null> {
    if (this.#closing.signal.aborted || !this.#rest.isOver) return null
    this.#starting ??= this.#tryToStart().finally(() => (this.#starting = null))
    return this.#starting
  }

  async #tryToStart(): Promise<Connection | null> {
    const { server, startLimit, now } = this.#options
    const limit = new AbortController()
    const late = new Error(`it was not ready within ${startLimit / 1000} seconds`)
    const timer = setTimeout(() => limit.abort(late), startLimit)
    const signal = AbortSignal.any([this.#closing.signal, limit.signal])
    this.#isListOld = false
    try {
      const connection = await connect(server, { signal, onListChanged: () => (this.#isListOld = true) })
      this.#connection = connection
      this.#startedAt = now()
      this.#fault = null
      this.#take(connection.listed)
      void connection.ended.then((how) => this.#lose(connection, how))
      return connection
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#fail(error)
      return null
    } finally {
      clearTimeout(timer)
    }
  }

  #fail(error: unknown): void {
    this.#rest.afterFailure()
    const { message, said } = error instanceof ConnectionError ? error : new ConnectionError(String(error))
    if (message === this.#fault) return
    this.#fault = message
    this.#warn('An MCP server cannot be started: its tools are missing.', message, said)
  }

  #lose(connection: Connection, how: string): void {
    if (this.#connection !== connection) return
    this.#connection = null
    const isProgram = this.#options.server.type === 'stdio'
    // A program has no reason to end; the others forget sessions and close streams as they like.
    this.#rest.afterEnd(isProgram ? this.#options.now() - this.#startedAt : Infinity)
    void connection.close()
    if (this.#closing.signal.aborted || !isProgram) return
    this.#warn('An MCP server has ended: it is started again when it is needed.', how, connection.said())
  }

  #needsList(): boolean {
    const isStdio = this.#options.server.type === 'stdio'
    return this.#isListOld || (!isStdio && this.#options.now() - this.#listedAt >= freshFor)
  }

  #listAgain(connection: Connection): Promise<void> {
    this.#listing ??= this.#readList(connection).finally(() => (this.#listing = null))
    return this.#listing
  }

  async #readList(connection: Connection): Promise<void> {
    this.#isListOld = false
    this.#listedAt = this.#options.now()
    try {
      this.#take(await listTools(connection.client, AbortSignal.timeout(listLimit)))
    } catch (error) {
      if (error instanceof NotDoneError) this.#lose(connection, error.message)
      else if (connection.end() === null) {
        this.#warn('An MCP server does not list its tools: the old list stays.', reasonOf(error))
      }
    }
  }

  #take(listed: readonly ListedTool[]): void {
    const { name } = this.#options.server
    const { tools, leftOut } = toTools(name, listed, (call) => this.#call(call))
    this.#tools = tools
    this.#listedAt = this.#options.now()
    for (const reason of leftOut) this.#warn('A tool of an MCP server is left out.', reason)
  }

  /** What is not secret reaches whoever asked, as it is. */
  async #call(call: Call): Promise<Json> {
    try {
      return await this.#callTwice(call)
    } catch (error) {
      if (!(error instanceof ToolError)) throw error
      throw new ToolError(withoutSecrets(error.message, this.#options.server.secrets))
    }
  }

  /** A server that did not look at the call, as one that has forgotten the session, is reached again and asked again. */
  async #callTwice(call: Call): Promise<Json> {
    const connection = await this.#needed(call.signal)
    try {
      return await callTool(connection, call)
    } catch (error) {
      if (!(error instanceof NotDoneError)) throw error
      this.#lose(connection, error.message)
    }
    try {
      return await callTool(await this.#needed(call.signal), call)
    } catch (error) {
      throw error instanceof NotDoneError ? new ToolError(`${unavailable}: ${error.message}.`) : error
    }
  }

  async #needed(signal: AbortSignal): Promise<Connection> {
    const connection = this.#connection ?? (await unlessAborted(this.#start(), signal))
    if (connection) return connection
    throw new ToolError(`${unavailable}${this.#fault === null ? '' : `: ${this.#fault}`}.`)
  }

  #warn(message: string, reason: string, said = ''): void {
    const { server, log } = this.#options
    const { name, secrets } = server
    const lastWords = redact(said, secrets).slice(-loggedLength).trim()
    log.warn({ server: name, reason: redact(reason, secrets), ...(lastWords && { said: lastWords }) }, message)
  }
}

const unavailable = 'The server of this tool cannot be had now'

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort))
}
