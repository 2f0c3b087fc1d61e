import type { ExecutionResult, GraphQLError } from 'graphql'
import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'
import type { RequestInfo } from '../../schema/context.ts'
import { createGraphQLError, createInvalidParamsError } from './graphql-errors.ts'
import type { OperationRunner } from './operation-runner.ts'
import { parseGraphQLParams } from './graphql-params.ts'

const maxOperations = 10

/** Runs batches: several operations in one HTTP request, as Apollo's BatchHttpLink sends them. */
export class BatchRunner {
  readonly #operations: OperationRunner

  constructor(operations: OperationRunner) {
    this.#operations = operations
  }

  /**
   * Executes operations one after the other, and returns their results in the same order. An operation that cannot be
   * executed is an error in its place. Throws a BAD_USER_INPUT with status 400, before anything is executed, for a batch
   * that is empty or too long, or has one idempotency key for several mutations.
   */
  async run(batch: readonly unknown[], requestInfo: RequestInfo): Promise<ExecutionResult[]> {
    if (batch.length === 0 || batch.length > maxOperations) {
      throw createBatchError(`The batch has ${batch.length} operations. Send 1 to ${maxOperations}.`)
    }
    if ((requestInfo.idempotencyKey ?? null) !== null && this.#countMutations(batch) > 1) {
      throw createBatchError(
        'The batch has several mutations for one Idempotency-Key. Give each mutation a key of its own, or send them one by one.',
      )
    }
    const results: ExecutionResult[] = []
    for (const item of batch) {
      if (turnScheduler.mustWait()) await turnScheduler.wait()
      results.push(await this.#runOperation(item, requestInfo))
    }
    return results
  }

  #countMutations(batch: readonly unknown[]): number {
    return batch.filter((item) => {
      const params = parseGraphQLParams(item)
      return params && this.#operations.findType(params) === 'mutation'
    }).length
  }

  async #runOperation(item: unknown, requestInfo: RequestInfo): Promise<ExecutionResult> {
    const params = parseGraphQLParams(item)
    if (!params) return { data: null, errors: [createInvalidParamsError()] }
    const operation = await this.#operations.prepare(params, requestInfo)
    if (!('type' in operation)) return { data: null, errors: operation }
    if (operation.type === 'subscription') return { data: null, errors: [createSubscriptionError()] }
    return this.#operations.execute(operation.args)
  }
}

function createBatchError(message: string): GraphQLError {
  return createGraphQLError('BAD_USER_INPUT', message, { path: [], http: { status: 400 } })
}

function createSubscriptionError(): GraphQLError {
  const message =
    'A batch cannot contain a subscription. Send it alone, over WebSocket or with Accept: text/event-stream.'
  return createGraphQLError('BAD_USER_INPUT', message, { path: [] })
}
