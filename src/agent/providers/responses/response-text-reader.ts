/** Reads the body of a response as text. */
export class ResponseTextReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #decoder = new TextDecoder()

  constructor(response: Response) {
    this.#reader = response.body?.getReader()
  }

  /** Resolves to the next piece, which may be empty, or to null at the end. Rejects when the connection breaks. */
  async read(): Promise<string | null> {
    const next = await this.#reader?.read()
    return next?.value ? this.#decoder.decode(next.value, { stream: true }) : null
  }

  /** Closes the connection, also while a piece is being read. */
  cancel(): void {
    this.#reader?.cancel().catch(() => undefined)
  }
}
