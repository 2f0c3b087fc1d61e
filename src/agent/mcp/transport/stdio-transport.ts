import {
  type JSONRPCMessage,
  type MCPTransport,
  type MCPTransportSendOptions,
  validateJSONRPCMessage,
} from '@ai-sdk/mcp'
import type { StdioServer } from '../../../config/profile/mcp-server.ts'
import { parseJson } from '../../../lib/parse-json.ts'
import { cancellationOf, isListChanged } from './json-rpc.ts'
import { ServerProcess } from './mcp-child-process.ts'

export interface StdioTransportOptions {
  readonly onListChanged: () => void
  /** Asks for the protocol that has no handshake, instead of beginning with one. */
  readonly discover: boolean
}

/** Speaks to a program, one message a line. What it prints that is no message is kept as what it said. */
export class StdioTransport implements MCPTransport {
  readonly supportsProtocolVersionDiscovery: boolean
  readonly process: ServerProcess
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #onListChanged: () => void

  /** Starts it. */
  constructor(server: StdioServer, { onListChanged, discover }: StdioTransportOptions) {
    this.supportsProtocolVersionDiscovery = discover
    this.#onListChanged = onListChanged
    this.process = new ServerProcess(server, (line) => this.#receive(line))
  }

  async start(): Promise<void> {
    void this.process.gone.then(() => this.onclose?.())
  }

  async send(message: JSONRPCMessage, { signal }: MCPTransportSendOptions = {}): Promise<void> {
    this.process.write(JSON.stringify(message))
    const cancellation = cancellationOf(message)
    if (cancellation === null) return
    signal?.addEventListener('abort', () => this.process.write(JSON.stringify(cancellation)), { once: true })
  }

  close(): Promise<void> {
    return this.process.stop()
  }

  #receive(line: string): void {
    const message = messageOf(line)
    if (message === null) this.process.hear(`${line}\n`)
    else if (isListChanged(message)) this.#onListChanged()
    else this.#pass(message)
  }

  #pass(message: JSONRPCMessage): void {
    try {
      this.onmessage?.(message)
    } catch {
      // The client throws at answers to what it has given up.
    }
  }
}

function messageOf(line: string): JSONRPCMessage | null {
  try {
    return validateJSONRPCMessage(parseJson(line))
  } catch {
    return null
  }
}
