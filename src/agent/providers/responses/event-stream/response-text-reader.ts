/** Reads the body of a response as text. */
export class ResponseTextReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #decoder = new TextDecoder()

  constructor(response: Response) {
    this.#reader = response.body?.getReader()
  }

  /**
   * Resolves to the next piece, which may be empty, or to null at the end, and if nothing arrives for `maxWaitMs`
   * milliseconds. Rejects when the connection breaks.
   */
  async read(maxWaitMs: number | null = null): Promise<string | null> {
    const next = this.#reader?.read()
    const result = await (next && maxWaitMs !== null ? raceTimeout(next, maxWaitMs) : next)
    return result?.value ? this.#decoder.decode(result.value, { stream: true }) : null
  }

  /** Closes the connection, also while a piece is being read. */
  cancel(): void {
    this.#reader?.cancel().catch(() => undefined)
  }
}

/** Resolves to null if the promise takes longer than this. */
async function raceTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  const { promise: timeout, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(() => resolve(null), timeoutMs)
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}
