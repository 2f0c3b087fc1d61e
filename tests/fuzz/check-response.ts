import { isDeepStrictEqual } from 'node:util'
import { type DocumentNode, execute, type GraphQLSchema, parse, validate } from 'graphql'
import { z } from 'zod'
import { isSegueErrorCode } from '../../src/lib/errors.ts'
import type { FuzzOperation } from './document-generator.ts'
import { type FuzzCaller, fuzzProfiles, markers } from './fuzz-callers.ts'
import type { FuzzResponse } from './send-operation.ts'

const locationSchema = z.strictObject({ line: z.int().min(1), column: z.int().min(1) })
const errorSchema = z.strictObject({
  message: z.string().min(1),
  locations: z.array(locationSchema).min(1).optional(),
  path: z
    .array(z.union([z.string(), z.int().min(0)]))
    .min(1)
    .optional(),
  extensions: z.looseObject({ code: z.string().refine(isSegueErrorCode) }),
})
const resultSchema = z
  .strictObject({
    data: z.record(z.string(), z.unknown()).nullable().optional(),
    errors: z.array(errorSchema).min(1).optional(),
    extensions: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ data, errors }) => Boolean(data) || Boolean(errors), { error: 'There is neither data nor an error.' })

type Result = z.output<typeof resultSchema>

/** Paths and stacks of the server. */
const internals = /node_modules|\.ts:\d|\bat \S+ \(|SQLITE_|segue-test-/

/** The document if it is valid; else null. */
export function parseValid(schema: GraphQLSchema, query: string): DocumentNode | null {
  try {
    const document = parse(query, { maxTokens: 5000 })
    return validate(schema, document, undefined, { maxErrors: 1 }).length === 0 ? document : null
  } catch {
    return null
  }
}

export interface SentOperation {
  readonly operation: FuzzOperation
  /** Null if it is not valid, or if the server must not execute it. */
  readonly document: DocumentNode | null
}

export type CheckedResponse = Pick<FuzzResponse, 'status' | 'results' | 'closeCode'>

/** Checks what holds for every response. Counts the codes of the errors. */
export class ResponseChecker {
  readonly codes: Record<string, number> = {}
  /** How many results had a marker that its caller may see. */
  markersSeen = 0
  readonly #schema: GraphQLSchema

  constructor(schema: GraphQLSchema) {
    this.#schema = schema
  }

  /**
   * Returns what is wrong with a response; null if nothing is.
   *
   * @param sent What the results are of. Null: nothing that can be executed.
   */
  async check(caller: FuzzCaller, sent: SentOperation | null, response: CheckedResponse): Promise<string | null> {
    const { status, closeCode, results } = response
    if (status !== null && status >= 500) return `The status is ${status}.`
    // Payloads that are no objects end the connection: they are not messages of the protocol.
    if (closeCode !== undefined && closeCode !== 4400) return `The WebSocket was closed with ${closeCode}.`
    for (const text of results) {
      const problem = this.checkText(caller, text) ?? (await this.#checkResult(sent, text))
      if (problem) return problem
    }
    return null
  }

  /** Returns whether a text has anything of a profile that the caller may not see, as a sentence; null if not. */
  checkText(caller: FuzzCaller, text: string): string | null {
    const foreign = fuzzProfiles.find(
      (name) => caller.profile !== null && caller.profile !== name && text.includes(markers[name]),
    )
    if (foreign) return `A text of the profile ${foreign} reached a caller of another one.`
    if (Object.values(markers).some((marker) => text.includes(marker))) this.markersSeen += 1
    return null
  }

  async #checkResult(sent: SentOperation | null, text: string): Promise<string | null> {
    const result = parseResult(text)
    if (typeof result === 'string') return result
    const problem = this.#checkErrors(result)
    if (problem || !result.data) return problem
    if (!sent?.document) return 'There is data, but no document was sent that may be executed.'
    return this.#checkData(result.data, sent.operation, sent.document)
  }

  #checkErrors({ errors = [] }: Result): string | null {
    for (const { message, extensions } of errors) {
      this.codes[extensions.code] = (this.codes[extensions.code] ?? 0) + 1
      if (extensions.code === 'INTERNAL' || extensions.code === 'STORAGE') return `${extensions.code}: ${message}`
      if (internals.test(message)) return `An error reveals internals: ${message}`
    }
    return null
  }

  /**
   * Executes the operation on the data of its response, as if that were the store: the result must be that data. So each
   * field that was asked for is there, no other one is, and each value has its type.
   */
  async #checkData(data: object, operation: FuzzOperation, document: DocumentNode): Promise<string | null> {
    const expected = await execute({
      schema: this.#schema,
      document,
      rootValue: data,
      variableValues: z.record(z.string(), z.unknown()).nullable().safeParse(operation.variables).data,
      ...(typeof operation.operationName === 'string' &&
        operation.operationName !== '' && { operationName: operation.operationName }),
      fieldResolver: (source, _args, _context, { path }) => z.record(z.string(), z.unknown()).parse(source)[path.key],
      typeResolver: (value) => z.object({ __typename: z.string() }).safeParse(value).data?.__typename,
    })
    if (expected.errors) return `The data is not what was asked for: ${expected.errors[0]?.message}`
    const copy: unknown = JSON.parse(JSON.stringify(expected.data))
    return isDeepStrictEqual(copy, data) ? null : 'The data has other fields than those that were asked for.'
  }
}

function parseResult(text: string): Result | string {
  try {
    const { data, error } = resultSchema.safeParse(JSON.parse(text))
    return data ?? `The result has not the shape of the specification: ${z.prettifyError(error)}\n${text.slice(0, 500)}`
  } catch {
    return `The response is not JSON: ${text.slice(0, 300)}`
  }
}
