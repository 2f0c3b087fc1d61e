import { type DocumentNode, type GraphQLSchema, OperationTypeNode } from 'graphql'
import type { SeededRandom } from '../chaos/seeded-random.ts'
import { parseValid, type ResponseChecker } from './check-response.ts'
import { damageOperation } from './damage-operation.ts'
import { DocumentGenerator, type FuzzOperation } from './document-generator.ts'
import type { FuzzCaller } from './fuzz-callers.ts'
import type { KnownValues } from './known-values.ts'
import type { FuzzSocket } from './send-operation.ts'
import { ValueGenerator } from './value-generator.ts'

/** What all requests of a run share. */
export interface FuzzSession {
  readonly url: string
  readonly schema: GraphQLSchema
  readonly known: KnownValues
  readonly checker: ResponseChecker
  /** Documents that the server has in its file, by their ids. */
  readonly trusted: readonly (readonly [id: string, operation: FuzzOperation])[]
  /** Whether it executes no others. */
  readonly onlyTrusted: boolean
}

/** Who sends one request, and the numbers that decide what it is. */
export interface FuzzTurn extends FuzzSession {
  readonly random: SeededRandom
  readonly caller: FuzzCaller
  readonly socket: FuzzSocket
}

/** What was sent and what came of it. */
export interface FuzzOutcome {
  /** What must not happen and did; null if nothing. */
  readonly problem: string | null
  /** What was sent, for the report. */
  readonly sent: string
  readonly results: readonly string[]
  /** Whether a document was valid. */
  readonly isValid: boolean
}

/** A random operation, and its document if it may be executed. One in five is damaged. */
export function makeOperation(turn: Pick<FuzzTurn, 'schema' | 'random' | 'known' | 'trusted' | 'onlyTrusted'>): {
  readonly operation: FuzzOperation
  readonly document: DocumentNode | null
} {
  const { schema, random, known } = turn
  const { QUERY, MUTATION, SUBSCRIPTION } = OperationTypeNode
  const type = random.pick([QUERY, QUERY, MUTATION, MUTATION, SUBSCRIPTION])
  const mayDelete = random.chance(0.15)
  const generator = new DocumentGenerator({ schema, random, values: new ValueGenerator(random, known) })
  const made = generator.make(type, (field) => mayDelete || !field.startsWith('delete'))
  const operation = random.chance(0.2) ? damageOperation(made, random) : made
  return { operation, document: parseExecutable(turn, operation) }
}

/** The document of an operation; null if it is not valid, or if the server must not execute it. */
export function parseExecutable(
  { schema, trusted, onlyTrusted }: Pick<FuzzSession, 'schema' | 'trusted' | 'onlyTrusted'>,
  { query }: FuzzOperation,
): DocumentNode | null {
  const isRefused = onlyTrusted && !trusted.some(([, operation]) => operation.query === query)
  return isRefused ? null : parseValid(schema, query)
}

/** The operation with its text, as clients send it. */
export function toParams({ query, variables, operationName }: FuzzOperation): object {
  return { query, variables, operationName }
}
