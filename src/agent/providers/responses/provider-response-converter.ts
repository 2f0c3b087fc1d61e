import { parseJsonWithExactNumbers } from '../../../lib/text/json.ts'
import { ProviderEventStreamReader, type ProviderResponseEvent } from './event-stream/provider-event-stream-reader.ts'
import {
  createProviderPayloadError,
  type ProviderResponseNormalizer,
  type SkippedResponsePartReporter,
} from './provider-response-normalizer.ts'

/** How many kinds of unknown input are counted, and how long the name of one may be. */
const maxSkippedKinds = 100
const maxKindLength = 80
/** Of a text that is no event, what an error needs. */
const maxHintLength = 2000

/** The conversion of one response: text as it arrives to what the normalizer makes of it. */
export class ProviderResponseConverter<Output> {
  readonly #reader = new ProviderEventStreamReader()
  readonly #normalizer: ProviderResponseNormalizer<Output>
  readonly #skippedCounts = new Map<string, number>()
  /** What was sent in place of an answer. */
  #hint: unknown
  #hasOutput = false
  #hasDone = false
  #failure: { readonly error: unknown } | null = null

  constructor(createNormalizer: (reportSkipped: SkippedResponsePartReporter) => ProviderResponseNormalizer<Output>) {
    this.#normalizer = createNormalizer((kind, value) => this.#reportSkipped(kind, value))
  }

  /** Whether nothing follows, even if the connection stays open. */
  get isDone(): boolean {
    return this.#hasDone
  }

  /** Whether the provider has said that its answer is complete, so that a broken connection loses nothing. */
  get hasEndMarker(): boolean {
    return this.#hasDone || this.#normalizer.hasEndMarker
  }

  /** Whether the response has contained anything that was understood. */
  get hasOutput(): boolean {
    return this.#hasOutput
  }

  /** How often each kind of unknown input was skipped. */
  get skippedCounts(): ReadonlyMap<string, number> {
    return this.#skippedCounts
  }

  /** The error that the provider has reported; null if there is none. It takes effect after what was returned. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  /** Converts a piece of the response. */
  convert(text: string): Output[] {
    return this.#collectUntilFailure(this.#normalizeEvents(() => this.#reader.push(text)))
  }

  /** Converts what a response that has ended or broken off still contains. */
  flush(): Output[] {
    const rest = this.#collectUntilFailure(this.#normalizeEvents(() => this.#reader.flush()))
    return [...rest, ...this.#collectUntilFailure(this.#normalizer.flush())]
  }

  /** Returns the end of the stream. Throws if the response is not complete. */
  finish(): Output[] {
    if (!this.#hasOutput && this.#hint !== undefined) throw createProviderPayloadError(this.#hint)
    return [...this.#normalizer.finish(this.#hasDone)]
  }

  #collectUntilFailure(outputs: Iterable<Output>): Output[] {
    const collected: Output[] = []
    try {
      for (const output of outputs) collected.push(output)
    } catch (error) {
      this.#failure ??= { error }
    }
    return collected
  }

  *#normalizeEvents(readEvents: () => readonly ProviderResponseEvent[]): Generator<Output> {
    for (const { name, data } of readEvents()) {
      if (this.#hasDone) return
      if (data === '[DONE]') this.#hasDone = true
      else {
        const value = this.#parse(data)
        if (name === 'error') throw createProviderPayloadError(value ?? data)
        for (const output of value === undefined ? [] : this.#normalizer.normalize(value, name)) {
          this.#hasOutput = true
          yield output
        }
      }
    }
  }

  #parse(data: string): unknown {
    try {
      return parseJsonWithExactNumbers(data)
    } catch {
      this.#reportSkipped('text that is not JSON', data.slice(0, maxHintLength))
      return undefined
    }
  }

  #reportSkipped(kind: string, value?: unknown): void {
    this.#hint ??= value
    const name = kind.slice(0, maxKindLength)
    const count = this.#skippedCounts.get(name) ?? 0
    if (count > 0 || this.#skippedCounts.size < maxSkippedKinds) this.#skippedCounts.set(name, count + 1)
  }
}
