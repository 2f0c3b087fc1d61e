import {
  defaultFieldResolver,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLSchema,
  isListType,
  isObjectType,
  responsePathAsArray,
} from 'graphql'
import { isCutList } from '../../lib/lists/cut-list.ts'
import type { Context } from '../context.ts'
import { SegueError } from '../../lib/errors.ts'
import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'

/** Marks a field that reads as much as a page does: `extensions: { [readsPageExtension]: true }`. */
export const readsPageExtension = 'readsPage'

/** So many items are completed at once, because loaders read what these refer to together: as many ids as one read takes. */
const itemsPerStep = 500

/**
 * Makes the execution yield to the event loop: within long lists, and before lists and pages are read. However much an
 * operation returns, others proceed. So do mutations, of which an operation has many. Reports the lists that are cut at
 * a bound. Changes the schema.
 */
export function yieldInLists(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      if (type.name === 'Mutation') waitBeforeNext(field)
      const isList = isListType(getNullableType(field.type))
      const readsPage = getNamedType(field.type).name.endsWith('Connection') || readsPageExtension in field.extensions
      if (isList || readsPage) wrapResolver(field, isList, readsPage || field.args.length > 0)
    }
  }
  return schema
}

/** Of many mutations in one operation, each but the first one takes its turn. */
function waitBeforeNext(field: GraphQLField<unknown, Context>): void {
  const { resolve = defaultFieldResolver } = field
  field.resolve = (source, args, context, info) => {
    const isFirst = info.operation.selectionSet.selections[0] === info.fieldNodes[0]
    if (isFirst || !turnScheduler.mustWait()) return resolve(source, args, context, info)
    return turnScheduler.wait().then(() => resolve(source, args, context, info))
  }
}

function wrapResolver(field: GraphQLField<unknown, Context>, isList: boolean, readsPage: boolean): void {
  const { resolve = defaultFieldResolver } = field
  field.resolve = (source, args, context, info) => {
    const resolveValue = (): unknown => {
      if (isQuery && context.signal.aborted) throw createAbortedError()
      const value = resolve(source, args, context, info)
      if (!isList) return value
      const toYielding = (items: unknown): unknown => {
        if (Array.isArray(items) && isCutList(items)) context.truncatedPaths.push(responsePathAsArray(info.path))
        return context.isPlanned ? items : makeYielding(items, context.signal)
      }
      return value instanceof Promise ? value.then(toYielding) : toYielding(value)
    }
    // Loaders read lists without arguments together. The events of a subscription do not stand in line: their tokens are what
    // long queries must not delay.
    const isQuery = info.operation.operation === 'query'
    const mayWait = readsPage && info.operation.operation !== 'subscription'
    const mustWait = mayWait && turnScheduler.mustWaitToStart()
    return mustWait ? turnScheduler.wait().then(resolveValue) : resolveValue()
  }
}

function makeYielding(value: unknown, signal: AbortSignal): unknown {
  return Array.isArray(value) && value.length > itemsPerStep ? completeInSteps(value, signal) : value
}

/**
 * Promises of the items, which resolve step by step. graphql-js handles what rejects in such a list; in an asynchronous
 * iterable, it would leave the rejection of an item unhandled while it waits for the next one.
 */
function completeInSteps(items: readonly unknown[], signal: AbortSignal): unknown[] {
  const startStep = async (): Promise<void> => {
    if (turnScheduler.mustWait()) await turnScheduler.wait()
    if (signal.aborted) throw createAbortedError()
  }
  let step = Promise.resolve()
  return items.map((item, index) => {
    if (index % itemsPerStep === 0) step = step.then(startStep)
    const completed = step.then(() => item)
    // graphql-js leaves the items of a list alone when an error elsewhere has ended the operation.
    completed.catch(() => undefined)
    return completed
  })
}

/** The query has ended, by its timeout or because its client has left, so nobody gets this error. */
function createAbortedError(): SegueError {
  return new SegueError('TIMEOUT', 'The query has ended.')
}
