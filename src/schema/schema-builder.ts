import SchemaBuilder from '@pothos/core'
import { GraphQLError } from 'graphql'
import RelayPlugin from '@pothos/plugin-relay'
import { formatDateTime } from '../lib/text/format-date-time.ts'
import { type Json, toRawJson } from '../lib/text/json.ts'
import { coerceDateTimeInput } from './coerce-date-time-input.ts'
import { coerceJsonLiteral, coerceJsonScalarVariable } from './coerce-json.ts'
import type { Context } from './context.ts'

export const schemaBuilder = new SchemaBuilder<{
  Context: Context
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
  DefaultNodeNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    /** Milliseconds since the epoch. */
    DateTime: { Input: number; Output: number }
    JSON: { Input: Json; Output: Json }
    SafeInt: { Input: number; Output: number }
  }
}>({
  defaultFieldNullability: false,
  plugins: [RelayPlugin],
  relay: {
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: { description: 'An object with an id, which `Query.node` finds.' },
    idFieldOptions: { description: 'An opaque id, unique across all types and profiles.' },
    pageInfoTypeOptions: { description: 'The position of a page within its list.' },
    hasNextPageFieldOptions: { nullable: false, description: 'True if the list has items after this page.' },
    hasPreviousPageFieldOptions: { nullable: false, description: 'True if the list has items before this page.' },
    startCursorFieldOptions: {
      nullable: true,
      description: 'The cursor of the first item. Null if the page is empty.',
    },
    endCursorFieldOptions: {
      nullable: true,
      description: 'The cursor of the last item. Null if the page is empty.',
    },
    pageInfoFieldOptions: { description: 'The position of the page within the list.' },
    edgesFieldOptions: {
      nullable: { list: false, items: false },
      description: 'The items of the page with their cursors, in the order of the list.',
    },
    nodeFieldOptions: { nullable: false, description: 'The item.' },
    cursorFieldOptions: { description: 'The cursor of the item, for the arguments `after` and `before`.' },
    firstArgOptions: {
      description:
        'The number of items to return from the start: 1 to 1,000. Default: 50. Cannot be combined with `last`.',
    },
    lastArgOptions: { description: 'The number of items to return from the end: 1 to 1,000.' },
    afterArgOptions: { description: 'Only items after this cursor.' },
    beforeArgOptions: { description: 'Only items before this cursor.' },
  },
})

schemaBuilder.queryType({ description: 'Reads data.' })
schemaBuilder.mutationType({
  description:
    'Changes data. The fields of one request are executed one after another. One that fails is null, next to an error; the others are executed all the same. A call that is repeated with its key happens once.',
})
schemaBuilder.subscriptionType({
  description: 'Emits events as they happen. Ending a subscription never stops a stream; use `cancelStream`.',
})

schemaBuilder.scalarType('DateTime', {
  description:
    'A time in RFC 3339 format, in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`. In arguments any offset is accepted; digits beyond milliseconds are ignored.',
  serialize: formatDateTime,
  coerceInputValue: coerceDateTimeInput,
})

schemaBuilder.scalarType('SafeInt', {
  description: 'A whole number from 0 to 2^53 - 1, as a JSON number.',
  coerceOutputValue: (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw new TypeError(`SafeInt cannot represent ${String(value)}.`)
  },
  coerceInputValue: (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw new GraphQLError('Use a whole number from 0 to 2^53 - 1.')
  },
})

schemaBuilder.scalarType('JSON', {
  description:
    'A JSON value of any type. Integers beyond 2^53 keep their digits on the wire, in both directions: read them with a parser that keeps them, too.',
  coerceOutputValue: toRawJson,
  coerceInputValue: coerceJsonScalarVariable,
  coerceInputLiteral: coerceJsonLiteral,
})
