/** Maximum size of a message from a server. */
export const maxMcpMessageBytes = 64 * 1024 * 1024

/** How much of the begin and the end of a line is kept if the line is too long. */
const keptBytes = 1024

/** A line of more than the maximum size, of which only the ends are known. */
export interface OversizedMcpLine {
  readonly start: string
  readonly end: string
}

export interface LineSplitterOptions {
  readonly maxLineBytes?: number
}

/** Splits bytes into lines. Drops the content of a line that exceeds the maximum size of a message. */
export class LineSplitter {
  readonly #maxLineBytes: number
  #chunks: Buffer[] = []
  #lineBytes = 0
  #oversized: { readonly start: string; end: Buffer } | null = null

  constructor({ maxLineBytes = maxMcpMessageBytes }: LineSplitterOptions = {}) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Returns the lines that end in this chunk, without their line breaks. */
  push(chunk: Buffer): (string | OversizedMcpLine)[] {
    const lines: (string | OversizedMcpLine)[] = []
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#append(chunk.subarray(start, end))
      lines.push(this.#takeLine())
      start = end + 1
    }
    this.#append(chunk.subarray(start))
    return lines
  }

  /** Returns what has come since the last line break, at the end of the bytes. */
  flush(): (string | OversizedMcpLine)[] {
    return this.#lineBytes === 0 ? [] : [this.#takeLine()]
  }

  #append(chunk: Buffer): void {
    this.#lineBytes += chunk.length
    if (this.#oversized) {
      this.#oversized.end = Buffer.concat([this.#oversized.end, chunk]).subarray(-keptBytes)
      return
    }
    this.#chunks.push(chunk)
    if (this.#lineBytes <= this.#maxLineBytes) return
    const line = Buffer.concat(this.#chunks)
    this.#chunks = []
    // Copied, because a part of a buffer keeps all of it in memory.
    const end = Buffer.from(line.subarray(-keptBytes))
    this.#oversized = { start: line.subarray(0, keptBytes).toString('utf8'), end }
  }

  #takeLine(): string | OversizedMcpLine {
    const { start, end } = this.#oversized ?? {}
    const line =
      start !== undefined && end ? { start, end: end.toString('utf8') } : Buffer.concat(this.#chunks).toString('utf8')
    this.#chunks = []
    this.#lineBytes = 0
    this.#oversized = null
    return line
  }
}

/** Finds the id of the response that a line contains; null if it cannot be told. */
export function findJsonRpcResponseId({ start, end }: OversizedMcpLine): number | null {
  const head = /^[^{]*\{(?:\s*"jsonrpc"\s*:\s*"2\.0"\s*,)?\s*"id"\s*:\s*"?(\d+)"?\s*[,}]/.exec(start)?.[1]
  const tail = /,\s*"id"\s*:\s*"?(\d+)"?\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(end)?.[1]
  const id = head ?? tail
  return id === undefined ? null : Number(id)
}
