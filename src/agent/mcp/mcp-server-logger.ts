import { z } from 'zod'
import type { McpServer } from '../../config/profile/mcp/mcp-server.ts'
import type { Logger, LogLevel } from '../../lib/logger.ts'
import { redact } from '../../lib/text/redact.ts'
import { truncate } from '../../lib/text/truncate.ts'

/** How much of a text from a server is logged. */
const maxLoggedLength = 4_096 // UTF-16 code units

/** How many of a server's own log messages are logged per minute. */
const maxServerMessagesPerMinute = 100

const serverMessageSchema = z.object({
  level: z.string().optional(),
  logger: z.string().optional(),
  data: z.unknown().optional(),
})

/** The levels of MCP, which are those of syslog. What a server calls an error is no error of Segue. */
const logLevels: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
}

/** Writes log entries about one MCP server, without its secrets. */
export class McpServerLogger {
  readonly #server: McpServer
  readonly #log: Logger
  readonly #now: () => number
  #minuteStartedAt = Number.NEGATIVE_INFINITY
  #messageCount = 0

  /** `now`: a monotonic clock, in milliseconds. */
  constructor(server: McpServer, log: Logger, now: () => number) {
    this.#server = server
    this.#log = log
    this.#now = now
  }

  /** `output`: the latest output of the program. */
  warn(message: string, reason: string, output = ''): void {
    const { name, secrets } = this.#server
    const loggedOutput = redact(output, secrets).slice(-maxLoggedLength).trim()
    const fields = { server: name, reason: redact(reason, secrets), ...(loggedOutput && { output: loggedOutput }) }
    this.#log.warn(fields, message)
  }

  info(message: string, fields: object): void {
    this.#log.info({ server: this.#server.name, ...fields }, message)
  }

  /** Logs the parameters of a `notifications/message`. */
  logServerMessage(params: unknown): void {
    const parsed = serverMessageSchema.safeParse(params)
    if (!parsed.success || !this.#countMessage()) return
    const { level = 'info', logger, data } = parsed.data
    const { name, secrets } = this.#server
    const text = typeof data === 'string' ? data : (JSON.stringify(data) ?? '')
    const fields = { server: name, ...(logger !== undefined && { logger: truncate(logger, 100) }) }
    const logLevel = logLevels[level.toLowerCase()] ?? 'warn'
    this.#log[logLevel](
      { ...fields, text: truncate(redact(text, secrets), maxLoggedLength) },
      'Message of an MCP server.',
    )
  }

  /** Whether another message may be logged in this minute. */
  #countMessage(): boolean {
    if (this.#now() - this.#minuteStartedAt >= 60_000) {
      this.#minuteStartedAt = this.#now()
      this.#messageCount = 0
    }
    this.#messageCount += 1
    if (this.#messageCount === maxServerMessagesPerMinute + 1)
      this.warn(
        'Further messages of an MCP server are not logged.',
        'It sends too many. They are logged again in a minute.',
      )
    return this.#messageCount <= maxServerMessagesPerMinute
  }
}
