import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql'
import { createContext, type RequestInfo } from '../../schema/context.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import type { GraphQLDocumentCache } from './documents/graphql-document-cache.ts'
import type { ErrorFormatter } from './error-formatter.ts'
import {
  executeOperation,
  requireGraphQLContext,
  type SubscriptionResultStream,
  subscribeToOperation,
} from './execute-operation.ts'
import { guardSubscriptionEnd } from './guard-subscription-end.ts'
import { findOperationType, type GraphQLParams, type PreparedOperation, prepareOperation } from './prepare-operation.ts'

export interface OperationRunnerOptions {
  readonly profiles: ProfileRegistry
  readonly documents: GraphQLDocumentCache
  readonly errors: ErrorFormatter
}

/**
 * Runs the operations that arrive as server-sent events, over WebSocket and in batches. Errors in its results are public
 * ones, and each result has `data`: some clients take a result without it for a broken one.
 */
export class OperationRunner {
  readonly #options: OperationRunnerOptions

  constructor(options: OperationRunnerOptions) {
    this.#options = options
  }

  prepare(params: GraphQLParams, requestInfo: Partial<RequestInfo>): PreparedOperation | readonly GraphQLError[] {
    const { profiles, documents } = this.#options
    return prepareOperation(params, createContext(profiles, requestInfo), documents)
  }

  /** The type of the operation to execute, valid or not; null if there is none. */
  findType(params: GraphQLParams): PreparedOperation['type'] | null {
    return findOperationType(params, this.#options.documents)
  }

  async execute(args: ExecutionArgs): Promise<ExecutionResult> {
    return this.#formatErrors(await executeOperation(args))
  }

  async subscribe(args: ExecutionArgs): Promise<ExecutionResult | SubscriptionResultStream> {
    const results = await subscribeToOperation(args, (result) => this.#formatErrors(result))
    if (!(Symbol.asyncIterator in results)) return results
    const { profiles } = this.#options
    return guardSubscriptionEnd(results, () => profiles.isStopping, requireGraphQLContext(args).signal)
  }

  #formatErrors(result: ExecutionResult): ExecutionResult {
    if (!result.errors) return result
    return { data: null, ...result, errors: result.errors.map((error) => this.#options.errors.format(error)) }
  }
}
