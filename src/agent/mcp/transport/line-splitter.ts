import { McpError } from './mcp-error.ts'

/** Maximum size of a message from a server. */
export const maxMcpMessageBytes = 64 * 1024 * 1024

/** Splits bytes into lines. Throws an McpError if a line exceeds the maximum size of a message. */
export class LineSplitter {
  #chunks: Buffer[] = []
  #lineBytes = 0

  /** Returns the lines that end in this chunk, without their line breaks. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#append(chunk.subarray(start, end))
      lines.push(Buffer.concat(this.#chunks).toString('utf8'))
      this.#chunks = []
      this.#lineBytes = 0
      start = end + 1
    }
    this.#append(chunk.subarray(start))
    return lines
  }

  #append(chunk: Buffer): void {
    this.#lineBytes += chunk.length
    if (this.#lineBytes > maxMcpMessageBytes)
      throw new McpError({ kind: 'message-too-large', maxBytes: maxMcpMessageBytes })
    this.#chunks.push(chunk)
  }
}
