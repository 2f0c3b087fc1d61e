import type { JSONRPCMessage, MCPTransport, MCPTransportSendOptions } from '@ai-sdk/mcp'
import type { StdioMcpServer } from '../../../../config/profile/mcp/mcp-server.ts'
import { parseJsonOrNull, stringifyJson } from '../../../../lib/text/json.ts'
import { markBigIntegers } from '../big-integer-marker.ts'
import {
  createMcpTooLargeError,
  type McpNotification,
  toJsonRpcMessage,
  toMcpCancelledNotification,
  toMcpNotification,
} from '../json-rpc.ts'
import { findJsonRpcResponseId, type OversizedMcpLine } from '../line-splitter.ts'
import { McpChildProcess } from './mcp-child-process.ts'
import { addMcpProgressToken } from '../mcp-progress-token.ts'

export interface McpStdioTransportOptions {
  readonly onNotification: (notification: McpNotification) => void
}

/** Exchanges messages with a program, one per line. Other lines of its standard output belong to its log output. */
export class McpStdioTransport implements MCPTransport {
  readonly supportsProtocolVersionDiscovery = true
  readonly process: McpChildProcess
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #onNotification: (notification: McpNotification) => void
  /** The requests that wait for a response. */
  readonly #pendingIds = new Set<string | number>()

  /** Starts the program. */
  constructor(server: StdioMcpServer, { onNotification }: McpStdioTransportOptions) {
    this.#onNotification = onNotification
    this.process = new McpChildProcess(server, (line) => this.#receive(line))
  }

  async start(): Promise<void> {
    void this.process.closed.then(() => this.onclose?.())
  }

  async send(message: JSONRPCMessage, { signal }: MCPTransportSendOptions = {}): Promise<void> {
    this.process.write(stringifyJson(addMcpProgressToken(message)))
    if ('method' in message && 'id' in message) this.#pendingIds.add(message.id)
    const cancellation = toMcpCancelledNotification(message)
    if (cancellation === null) return
    signal?.addEventListener('abort', () => this.process.write(JSON.stringify(cancellation)), { once: true })
  }

  close(): Promise<void> {
    return this.process.stop()
  }

  #receive(line: string | OversizedMcpLine): void {
    if (typeof line !== 'string') return this.#failOversizedResponse(line)
    const value = parseJsonOrNull(markBigIntegers(line))
    // Servers of one protocol version may send several messages at once.
    const messages = (Array.isArray(value) ? value : [value]).flatMap((each) => toJsonRpcMessage(each) ?? [])
    if (messages.length === 0) this.process.appendOutput(`${line}\n`)
    for (const message of messages) {
      const notification = toMcpNotification(message)
      if (notification) this.#onNotification(notification)
      else this.#deliver(message)
    }
  }

  /** Fails the request that the line responds to. If that cannot be told, it may be any of those that wait. */
  #failOversizedResponse(line: OversizedMcpLine): void {
    const id = findJsonRpcResponseId(line)
    const failedIds = id !== null && this.#pendingIds.has(id) ? [id] : [...this.#pendingIds]
    for (const failedId of failedIds) this.#deliver(createMcpTooLargeError(failedId))
  }

  #deliver(message: JSONRPCMessage): void {
    if (!('method' in message) && message.id !== undefined) this.#pendingIds.delete(message.id)
    try {
      this.onmessage?.(message)
    } catch {
      // The client throws if it gets a response to a request that it has given up.
    }
  }
}
