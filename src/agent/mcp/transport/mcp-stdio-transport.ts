import {
  type JSONRPCMessage,
  type MCPTransport,
  type MCPTransportSendOptions,
  validateJSONRPCMessage,
} from '@ai-sdk/mcp'
import type { StdioMcpServer } from '../../../config/profile/mcp-server.ts'
import { markBigIntegers } from './big-integer-marker.ts'
import { toMcpCancelledNotification, isToolListChanged } from './json-rpc.ts'
import { McpChildProcess } from './mcp-child-process.ts'
import { parseJsonOrNull, stringifyJson } from '../../../lib/text/json.ts'

export interface McpStdioTransportOptions {
  readonly onToolListChanged: () => void
  /** Whether to begin with discovery of the protocol version, which newer servers support, or with the handshake. */
  readonly usesVersionDiscovery: boolean
}

/** Exchanges messages with a program, one per line. Other lines of its standard output belong to its log output. */
export class McpStdioTransport implements MCPTransport {
  readonly supportsProtocolVersionDiscovery: boolean
  readonly process: McpChildProcess
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #onToolListChanged: () => void

  /** Starts the program. */
  constructor(server: StdioMcpServer, { onToolListChanged, usesVersionDiscovery }: McpStdioTransportOptions) {
    this.supportsProtocolVersionDiscovery = usesVersionDiscovery
    this.#onToolListChanged = onToolListChanged
    this.process = new McpChildProcess(server, (line) => this.#receive(line))
  }

  async start(): Promise<void> {
    void this.process.closed.then(() => this.onclose?.())
  }

  async send(message: JSONRPCMessage, { signal }: MCPTransportSendOptions = {}): Promise<void> {
    this.process.write(stringifyJson(message))
    const cancellation = toMcpCancelledNotification(message)
    if (cancellation === null) return
    signal?.addEventListener('abort', () => this.process.write(JSON.stringify(cancellation)), { once: true })
  }

  close(): Promise<void> {
    return this.process.stop()
  }

  #receive(line: string): void {
    const message = parseMessage(line)
    if (message === null) this.process.appendOutput(`${line}\n`)
    else if (isToolListChanged(message)) this.#onToolListChanged()
    else this.#deliver(message)
  }

  #deliver(message: JSONRPCMessage): void {
    try {
      this.onmessage?.(message)
    } catch {
      // The client throws if it gets a response to a request that it has given up.
    }
  }
}

function parseMessage(line: string): JSONRPCMessage | null {
  try {
    return validateJSONRPCMessage(parseJsonOrNull(markBigIntegers(line)))
  } catch {
    return null
  }
}
