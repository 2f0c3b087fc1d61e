/** How much a server may send as one message, in bytes. */
export const maxMessageBytes = 64 * 1024 * 1024

/** Cuts bytes into lines. Throws an error when one grows longer than a message may be. */
export class LineSplitter {
  #chunks: Buffer[] = []
  #lineBytes = 0

  /** The lines that this piece ends, without their ends. */
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
    if (this.#lineBytes > maxMessageBytes) throw new Error(`it sent a message of more than ${maxMessageBytes} bytes`)
    this.#chunks.push(chunk)
  }
}
