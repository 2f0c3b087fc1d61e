import { type ExecutionArgs, type ExecutionResult, getOperationAST, type GraphQLError } from 'graphql'
import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'
import { type Context, createContext, type RequestInfo } from '../../schema/context.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import type { DocumentLoader } from './documents/document-loader.ts'
import type { ErrorFormatter } from './error-formatter.ts'
import { executeOperation, listErrorCodes, requireGraphQLContext } from './execute-operation.ts'
import { findErrorCode } from './graphql-errors.ts'
import type { GraphQLParams } from './graphql-params.ts'
import { limitErrors, type OperationLimits } from './limits/operation-limits.ts'
import { findOperationType, type PreparedOperation, prepareOperation } from './prepare-operation.ts'
import { guardSubscriptionEnd } from './subscriptions/guard-subscription-end.ts'
import { SharedExecutions } from './subscriptions/shared-executions.ts'
import { subscribeToOperation } from './subscriptions/subscribe-to-operation.ts'
import type { SubscriptionResults } from './subscriptions/subscription-results.ts'

export interface OperationRunnerOptions {
  readonly profiles: ProfileRegistry
  readonly documents: DocumentLoader
  readonly errors: ErrorFormatter
  /** Called for each operation. */
  readonly readLimits: () => OperationLimits
  /** See `ExecuteOptions`. */
  readonly usesPlans: boolean
}

/**
 * Runs operations, whatever the transport: HTTP, batches, server-sent events, WebSocket. Errors in its results are public
 * ones, and each result has `data`: some clients take a result without it for a broken one.
 */
export class OperationRunner {
  readonly #options: OperationRunnerOptions
  readonly #sharedExecutions = new SharedExecutions()

  constructor(options: OperationRunnerOptions) {
    this.#options = options
  }

  /** Prepares an operation for its execution. Returns the errors if it is invalid or above a limit. */
  async prepare(params: GraphQLParams, requestInfo: RequestInfo): Promise<PreparedOperation | readonly GraphQLError[]> {
    const { profiles, documents, readLimits } = this.#options
    const prepared = await prepareOperation(params, createContext(profiles, requestInfo), documents, readLimits())
    if (!('type' in prepared)) profiles.telemetry.countRefusedOperation(findErrorCode(prepared[0]))
    return prepared
  }

  /** The type of the operation to execute, valid or not; null if there is none. */
  findType(params: GraphQLParams): PreparedOperation['type'] | null {
    const document = this.#options.documents.parse(params, this.#options.readLimits())
    return document && findOperationType(document, params)
  }

  /** Executes a query or a mutation. A query that takes too long ends with the error TIMEOUT. */
  async execute(args: ExecutionArgs): Promise<ExecutionResult> {
    const { readLimits, usesPlans } = this.#options
    const { querySeconds } = readLimits()
    const result = await executeOperation(args, { querySeconds, usesPlans })
    return this.#formatResult(result, requireGraphQLContext(args))
  }

  async subscribe(args: ExecutionArgs): Promise<ExecutionResult | SubscriptionResults> {
    // Many that arrive at once start one by one.
    if (turnScheduler.mustWait()) await turnScheduler.wait()
    const { profiles, usesPlans } = this.#options
    const name = getOperationAST(args.document, args.operationName)?.name?.value ?? null
    const { traceparent } = requireGraphQLContext(args)
    const telemetry = profiles.telemetry.startOperation({ type: 'subscription', name, traceparent })
    const formatResult = (result: ExecutionResult, context: Context): ExecutionResult =>
      this.#formatResult(result, context)
    const options = { formatResult, sharedExecutions: this.#sharedExecutions, usesPlans }
    const results = await telemetry.run(() => subscribeToOperation(args, options))
    if (!(Symbol.asyncIterator in results)) {
      telemetry.end(listErrorCodes(results))
      return results
    }
    return guardSubscriptionEnd(results, {
      isStopping: () => profiles.isStopping,
      formatResult: (result) => formatResult(result, requireGraphQLContext(args)),
      signal: requireGraphQLContext(args).signal,
      onEnd: () => telemetry.end([]),
    })
  }

  #formatResult(
    result: ExecutionResult,
    { reportedCost, truncatedPaths, signal }: Pick<Context, 'reportedCost' | 'truncatedPaths' | 'signal'>,
  ): ExecutionResult {
    if (!result.errors && reportedCost === null && truncatedPaths.length === 0) return result
    const extensions = {
      ...(reportedCost !== null && { cost: reportedCost }),
      ...(truncatedPaths.length > 0 && { truncated: [...truncatedPaths] }),
    }
    const errors = result.errors && limitErrors(result.errors).map((error) => this.#formatError(error, signal))
    return {
      ...(errors && { data: null }),
      ...result,
      ...(errors && { errors }),
      ...(Object.keys(extensions).length > 0 && { extensions }),
    }
  }

  /** What ends because its client has left is no failure of the server, and nobody receives it: it is not logged. */
  #formatError(error: GraphQLError, { aborted, reason }: AbortSignal): GraphQLError {
    return aborted && (error.originalError ?? error.cause) === reason ? error : this.#options.errors.format(error)
  }
}
