/** How much a server may send as one message, in bytes. */
export const largestMessage = 64 * 1024 * 1024

/** Cuts bytes into lines. Throws an error when one grows longer than a message may be. */
export class Lines {
  #pieces: Buffer[] = []
  #length = 0

  /** The lines that this piece ends, without their ends. */
  push(piece: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      this.#keep(piece.subarray(start, end))
      lines.push(Buffer.concat(this.#pieces).toString('utf8'))
      this.#pieces = []
      this.#length = 0
      start = end + 1
    }
    this.#keep(piece.subarray(start))
    return lines
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length
    if (this.#length > largestMessage) throw new Error(`it sent a message of more than ${largestMessage} bytes`)
    this.#pieces.push(piece)
  }
}
