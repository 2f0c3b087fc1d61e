import { type ExecutionArgs, type ExecutionResult, getOperationAST, type GraphQLError } from 'graphql'
import { createContext, type RequestInfo } from '../../schema/context.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import type { GraphQLDocumentCache } from './documents/graphql-document-cache.ts'
import type { ErrorFormatter } from './error-formatter.ts'
import {
  executeOperation,
  listErrorCodes,
  requireGraphQLContext,
  type SubscriptionResultStream,
  subscribeToOperation,
} from './execute-operation.ts'
import { findErrorCode } from './graphql-errors.ts'
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

  prepare(params: GraphQLParams, requestInfo: RequestInfo): PreparedOperation | readonly GraphQLError[] {
    const { profiles, documents } = this.#options
    const prepared = prepareOperation(params, createContext(profiles, requestInfo), documents)
    if (!('type' in prepared)) profiles.telemetry.countRefusedOperation(findErrorCode(prepared[0]))
    return prepared
  }

  /** The type of the operation to execute, valid or not; null if there is none. */
  findType(params: GraphQLParams): PreparedOperation['type'] | null {
    return findOperationType(params, this.#options.documents)
  }

  async execute(args: ExecutionArgs): Promise<ExecutionResult> {
    return this.#formatErrors(await executeOperation(args))
  }

  async subscribe(args: ExecutionArgs): Promise<ExecutionResult | SubscriptionResultStream> {
    const { profiles } = this.#options
    const name = getOperationAST(args.document, args.operationName)?.name?.value ?? null
    const telemetry = profiles.telemetry.startOperation({ type: 'subscription', name })
    const formatResult = (result: ExecutionResult): ExecutionResult => this.#formatErrors(result)
    const results = await telemetry.run(() => subscribeToOperation(args, formatResult))
    if (!(Symbol.asyncIterator in results)) {
      telemetry.end(listErrorCodes(results))
      return results
    }
    return guardSubscriptionEnd(results, {
      isStopping: () => profiles.isStopping,
      formatResult,
      signal: requireGraphQLContext(args).signal,
      onEnd: () => telemetry.end([]),
    })
  }

  #formatErrors(result: ExecutionResult): ExecutionResult {
    if (!result.errors) return result
    return { data: null, ...result, errors: result.errors.map((error) => this.#options.errors.format(error)) }
  }
}
