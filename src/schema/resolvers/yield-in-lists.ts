import {
  defaultFieldResolver,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLSchema,
  isListType,
  isObjectType,
} from 'graphql'
import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'

/** So many items are completed at once: loaders read what they refer to together. */
const itemsPerStep = 16

/**
 * Makes the execution yield to the event loop: within long lists, and before lists and pages are read. However much an
 * operation returns, others proceed. Changes the schema.
 */
export function yieldInLists(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const isList = isListType(getNullableType(field.type))
      if (isList || getNamedType(field.type).name.endsWith('Connection')) wrapResolver(field, isList)
    }
  }
  return schema
}

function wrapResolver(field: GraphQLField<unknown, unknown>, isList: boolean): void {
  const { resolve = defaultFieldResolver } = field
  field.resolve = (source, args, context, info) => {
    const resolveValue = (): unknown => {
      const value = resolve(source, args, context, info)
      if (!isList) return value
      return value instanceof Promise ? value.then(makeYielding) : makeYielding(value)
    }
    // Loaders read lists without arguments together. The events of a subscription do not stand in line: their tokens are what
    // long queries must not delay.
    const mayWait = field.args.length > 0 && info.operation.operation !== 'subscription'
    const mustWait = mayWait && turnScheduler.mustWait()
    return mustWait ? turnScheduler.wait().then(resolveValue) : resolveValue()
  }
}

function makeYielding(value: unknown): unknown {
  return Array.isArray(value) && value.length > itemsPerStep ? new YieldingList(value) : value
}

/** A list that lets others proceed before each step, if the current turn of the event loop has taken long. */
class YieldingList implements AsyncIterable<unknown> {
  readonly #items: readonly unknown[]

  constructor(items: readonly unknown[]) {
    this.#items = items
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    const iterator = this.#items[Symbol.iterator]()
    let count = 0
    return {
      next: async () => {
        const isNewStep = count % itemsPerStep === 0
        count += 1
        if (isNewStep && turnScheduler.mustWait()) await turnScheduler.wait()
        return iterator.next()
      },
    }
  }
}
