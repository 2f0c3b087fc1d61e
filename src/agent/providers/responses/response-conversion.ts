import { parseExactJson, stringifyJson } from '../../../lib/text/json.ts'
import { EventStreamReader, type ResponseEvent } from './event-stream-reader.ts'
import { createResponseError, type ResponseNormalizer, type SkippedInputReporter } from './response-normalizer.ts'

/** How many kinds of unknown input are counted, and how long the name of one may be. */
const maxSkippedKinds = 100
const maxKindLength = 80
/** Of a text that is no event, what an error needs. */
const maxHintLength = 2000

/** The conversion of one response: text as it arrives to server-sent events of the canonical stream. */
export class ResponseConversion {
  readonly #reader = new EventStreamReader()
  readonly #normalizer: ResponseNormalizer
  readonly #skippedCounts = new Map<string, number>()
  /** What was sent in place of an answer. */
  #hint: unknown
  #hasOutput = false
  #hasDone = false

  constructor(createNormalizer: (reportSkipped: SkippedInputReporter) => ResponseNormalizer) {
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

  /** How often each kind of unknown input was skipped. */
  get skippedCounts(): ReadonlyMap<string, number> {
    return this.#skippedCounts
  }

  /** Yields the events of a piece of the response. Throws an APICallError if the provider reports an error. */
  *convert(text: string): Generator<string> {
    yield* joinEvents(this.#normalizeEvents(this.#reader.push(text)))
  }

  /** Yields what a response that has broken off still contains. */
  *flush(): Generator<string> {
    yield* joinEvents(this.#normalizeEvents(this.#reader.flush()))
    yield* joinEvents(this.#normalizer.flush())
  }

  /** Yields the end of the stream. Throws if the response is not complete. */
  *finish(): Generator<string> {
    if (!this.#hasOutput && this.#hint !== undefined) throw createResponseError(this.#hint)
    yield* joinEvents(this.#normalizer.finish(this.#hasDone))
  }

  *#normalizeEvents(events: readonly ResponseEvent[]): Generator<object> {
    for (const { name, data } of events) {
      if (this.#hasDone) return
      if (data === '[DONE]') this.#hasDone = true
      else {
        const value = this.#parse(data)
        if (name === 'error') throw createResponseError(value ?? data)
        for (const event of value === undefined ? [] : this.#normalizer.normalize(value, name)) {
          this.#hasOutput = true
          yield event
        }
      }
    }
  }

  #parse(data: string): unknown {
    try {
      return parseExactJson(data)
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

/** Joins the events, because each write costs more than an event. Those before an error are written first. */
function* joinEvents(events: Iterable<object>): Generator<string> {
  const joined: object[] = []
  try {
    for (const event of events) joined.push(event)
  } catch (error) {
    if (joined.length > 0) yield formatResponseEvents(joined)
    throw error
  }
  if (joined.length > 0) yield formatResponseEvents(joined)
}

export function formatResponseEvents(events: readonly object[]): string {
  return events.map((event) => `data: ${stringifyJson(event)}\n\n`).join('')
}
