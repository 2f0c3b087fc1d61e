import { ResponseTextReader } from './event-stream/response-text-reader.ts'
import { ProviderResponseConverter } from './provider-response-converter.ts'
import type { ProviderResponseNormalizer, SkippedResponsePartReporter } from './provider-response-normalizer.ts'

/** Called when a response ends, with how often each kind of unknown input in it was skipped. */
export type OnSkippedResponseParts = (counts: ReadonlyMap<string, number>) => void

/** What has arrived at a time. */
export interface ProviderResponsePiece<Output> {
  readonly outputs: readonly Output[]
  /** What the response ends with, after the outputs. Null while it goes on. */
  readonly end: { readonly error: unknown } | 'complete' | null
}

/**
 * How long more is waited for after the end of an answer, in milliseconds: usage and further text follow it at once, but some
 * servers and gateways keep the connection open.
 */
const maxTrailingWaitMs = 3000

/** Reads a successful response, a stream or not, as its format's normalizer understands it. */
export class ProviderResponseReader<Output> implements Disposable {
  readonly #reader: ResponseTextReader
  readonly #conversion: ProviderResponseConverter<Output>
  readonly #onSkipped: OnSkippedResponseParts
  #endSeenAt: number | null = null
  #isClosed = false

  constructor(
    response: Response,
    createNormalizer: (reportSkipped: SkippedResponsePartReporter) => ProviderResponseNormalizer<Output>,
    onSkipped: OnSkippedResponseParts,
  ) {
    this.#reader = new ResponseTextReader(response)
    this.#conversion = new ProviderResponseConverter(createNormalizer)
    this.#onSkipped = onSkipped
  }

  /** Reads until there is something to pass on. Rejects if the response ends without that, in an error. */
  async read(): Promise<ProviderResponsePiece<Output>> {
    const outputs = await this.#readUntilOutput().catch((error: unknown) => ({ error }))
    if (Array.isArray(outputs)) return { outputs, end: null }
    const rest = this.#conversion.flush()
    const failure = outputs ?? this.#conversion.failure
    this.close()
    try {
      // The connection broke, or the provider sent an error: neither matters once the answer is complete.
      if (failure && !this.#conversion.hasEndMarker) throw failure.error
      return { outputs: [...rest, ...this.#conversion.finish()], end: 'complete' }
    } catch (error) {
      if (rest.length === 0 && !this.#conversion.hasOutput) throw error
      return { outputs: rest, end: { error } }
    }
  }

  /** Closes the connection, also while a piece is being read. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#reader.cancel()
    if (this.#conversion.skippedCounts.size > 0) this.#onSkipped(this.#conversion.skippedCounts)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Resolves to null at the end. */
  async #readUntilOutput(): Promise<Output[] | null> {
    while (!this.#conversion.isDone && !this.#conversion.failure) {
      if (this.#conversion.hasEndMarker) this.#endSeenAt ??= performance.now()
      // Pings do not prolong the wait.
      const waitEndsAt = this.#endSeenAt === null ? null : this.#endSeenAt + maxTrailingWaitMs
      const text = await this.#reader.read(waitEndsAt === null ? null : Math.max(0, waitEndsAt - performance.now()))
      if (text === null) return null
      const outputs = this.#conversion.convert(text)
      if (outputs.length > 0) return outputs
    }
    return null
  }
}
