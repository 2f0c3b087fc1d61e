import type { ExecutionResult, ValidatedExecutionArgs } from 'graphql'
import { markAsSmallJson, maxLengthAtOnce, maxNodesAtOnce } from '../../../lib/json-output/encode-json-in-steps.ts'
import type { Context } from '../../../schema/context.ts'
import { findFixedPart } from './fixed-part.ts'
import {
  type FieldPlan,
  type OperationPlan,
  resolveTypeName,
  type SelectionPlan,
  type ValuePlan,
} from './operation-plan.ts'

/** An execution that completes more fields at once is left to graphql-js, with lists that yield. About 10 ms of work. */
const maxFields = 20_000

/** Counting fewer nodes takes less time than the mark, which the garbage collector has to look at. */
const minNodesToMark = 100

/** The data of a plan; null if graphql-js has to say what is wrong, or has to complete what is too large. */
export type PlannedResult = ExecutionResult | null

/**
 * Executes a plan. What is there at once is written at once: a promise is awaited only where a resolver returns one. Any
 * error ends the execution: graphql-js then executes the query again, so that errors exist in one form only.
 */
export function executePlan(
  plan: OperationPlan,
  { rootValue, variableValues }: Pick<ValidatedExecutionArgs, 'rootValue' | 'variableValues'>,
  context: Context,
): Promise<PlannedResult> | PlannedResult {
  return new PlanExecution(context, variableValues).run(plan.root, rootValue)
}

class PlanExecution {
  readonly #context: Context
  readonly #variables: ValidatedExecutionArgs['variableValues']
  #fieldsLeft = maxFields
  /** What `isSmallJson` would count. */
  #nodes = 0
  #textLength = 0
  /** Whether all leaves are texts, numbers or booleans. */
  #isFlat = true
  #pending = 0
  #hasFailed = false
  #data: Record<string, unknown> | null = null
  /** Set while promises are pending. A closure that holds the data would keep it alive for several garbage collections. */
  #resolve: ((result: PlannedResult) => void) | null = null

  constructor(context: Context, variables: ValidatedExecutionArgs['variableValues']) {
    this.#context = context
    this.#variables = variables
  }

  run(root: SelectionPlan, rootValue: unknown): Promise<PlannedResult> | PlannedResult {
    try {
      this.#data = this.#completeSelection(root, rootValue)
      if (this.#pending === 0) return this.#end()
      const { promise, resolve } = Promise.withResolvers<PlannedResult>()
      this.#resolve = resolve
      return promise
    } catch {
      this.#hasFailed = true
      return null
    }
  }

  #end(): PlannedResult {
    const isSmall = this.#isFlat && this.#nodes <= maxNodesAtOnce && this.#textLength <= maxLengthAtOnce
    if (this.#data && isSmall && this.#nodes >= minNodesToMark) markAsSmallJson(this.#data)
    return { data: this.#data }
  }

  #completeSelection(selection: SelectionPlan, source: unknown): Record<string, unknown> {
    const { template, fields, otherFields } = selection
    this.#fieldsLeft -= fields.length
    this.#nodes += fields.length
    if (this.#fieldsLeft < 0) throw new Error('The result is too large to be completed at once.')
    const fixed = isObject(source) ? findFixedPart(selection, source) : null
    if (fixed) this.#textLength += fixed.textLength
    const target: Record<string, unknown> = { ...(fixed?.values ?? template) }
    for (const field of fixed ? otherFields : fields) {
      const value = this.#resolveField(field, source)
      if (typeof value === field.value.uncoercedType) target[field.responseName] = this.#count(value)
      else if (isPromise(value)) this.#completeFieldLater(value, field, target)
      else target[field.responseName] = this.#complete(value, field.value)
    }
    return target
  }

  /** A method of its own, because a function in a loop makes each turn of it allocate. */
  #completeFieldLater(
    promise: PromiseLike<unknown>,
    { responseName, value }: FieldPlan,
    target: Record<string, unknown>,
  ): void {
    this.#completeLater(promise, value, (completed) => (target[responseName] = completed))
  }

  #resolveField({ resolve, propertyName, getArguments, info }: FieldPlan, source: unknown): unknown {
    if (resolve !== null) return resolve(source, getArguments(this.#variables), this.#context, info)
    const value: unknown = isObject(source) ? source[propertyName] : undefined
    return typeof value === 'function' ? value.call(source, getArguments(this.#variables), this.#context, info) : value
  }

  /** Completes the value of a promise when it is there, and writes it into its place in the response. */
  #completeLater(promise: PromiseLike<unknown>, plan: ValuePlan, write: (completed: unknown) => void): void {
    this.#pending += 1
    const onResolved = (value: unknown): void => {
      if (this.#hasFailed) return
      try {
        write(this.#complete(value, plan))
      } catch {
        return this.#fail()
      }
      this.#pending -= 1
      if (this.#pending === 0) this.#resolve?.(this.#end())
    }
    promise.then(onResolved, () => this.#fail())
  }

  #fail(): void {
    this.#hasFailed = true
    this.#resolve?.(null)
  }

  #complete(value: unknown, plan: ValuePlan): unknown {
    if (value === null || value === undefined) {
      if (plan.isNonNull) throw new Error('The value is missing.')
      return null
    }
    if (value instanceof Error) throw value
    switch (plan.kind) {
      case 'leaf':
        return this.#count(this.#requireValue(plan.coerceOutputValue(value)))
      case 'list':
        return this.#completeList(value, plan.item)
      case 'object':
        return this.#completeObject(value, plan.selection, plan)
      case 'abstract':
        return this.#completeObject(value, plan.findSelection(resolveTypeName(value, this.#context, plan)), plan)
    }
  }

  #count(leaf: unknown): unknown {
    if (typeof leaf === 'string') this.#textLength += leaf.length
    else if (typeof leaf === 'object') this.#isFlat = false
    return leaf
  }

  #completeList(items: unknown, plan: ValuePlan): unknown[] {
    if (!Array.isArray(items)) throw new Error('The value is no array.')
    this.#nodes += items.length
    if (!items.some(isPromise)) return items.map((item) => this.#complete(item, plan))
    // Handled here, because those behind an item that fails are never looked at.
    for (const item of items) if (isPromise(item)) item.then(undefined, () => undefined)
    const target: unknown[] = []
    for (const [index, item] of items.entries()) {
      if (isPromise(item)) this.#completeLater(item, plan, (completed) => (target[index] = completed))
      target.push(isPromise(item) ? null : this.#complete(item, plan))
    }
    return target
  }

  #completeObject(
    value: unknown,
    selection: SelectionPlan,
    { info }: Pick<FieldPlan, 'info'>,
  ): Record<string, unknown> {
    const { isTypeOf } = selection.type
    if (isTypeOf && isTypeOf(value, this.#context, info) !== true) throw new Error('The object has another type.')
    return this.#completeSelection(selection, value)
  }

  #requireValue(value: unknown): unknown {
    if (value === null || value === undefined) throw new Error('The value is missing.')
    return value
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof value['then'] === 'function'
}
