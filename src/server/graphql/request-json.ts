import { parseJsonInSteps } from '../../lib/json-input/parse-json-in-steps.ts'
import { JsonLimitError } from '../../lib/json-input/shorten-json.ts'
import { createGraphQLError } from './graphql-errors.ts'

/** Values in the JSON of a request of more than 16 KiB: items, members, objects and lists. What follows takes time for each. */
export const maxRequestJsonValues = 20_000

/** The body of a request, which is JSON. It is parsed once, whoever asks for it. */
export class RequestJson {
  #chunks: readonly Buffer[]
  #parsed: Promise<unknown> | null = null

  /** `chunks`: the body as UTF-8. */
  constructor(chunks: readonly Buffer[]) {
    this.#chunks = chunks
  }

  /**
   * Parses it, with exact numbers. Rejects with SyntaxError if it is not JSON, and with the error TOO_LARGE if it has too many
   * values.
   */
  parse(): Promise<unknown> {
    this.#parsed ??= parseRequestJson(this.#chunks)
    this.#chunks = []
    return this.#parsed
  }
}

async function parseRequestJson(chunks: readonly Buffer[]): Promise<unknown> {
  try {
    return await parseJsonInSteps(chunks, maxRequestJsonValues)
  } catch (error) {
    if (!(error instanceof JsonLimitError)) throw error
    throw createGraphQLError('TOO_LARGE', `${error.message} ${jsonLimitSolution}`, { path: [], http: { status: 413 } })
  }
}

/** What to do about JSON that is above a limit. */
export const jsonLimitSolution = `Send at most ${maxRequestJsonValues} values, for example in several requests.`
