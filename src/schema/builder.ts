import SchemaBuilder from '@pothos/core'
import RelayPlugin from '@pothos/plugin-relay'
import type { Json } from '../lib/json.ts'
import type { Context } from './context.ts'

export const builder = new SchemaBuilder<{
  Context: Context
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
  DefaultNodeNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    /** Milliseconds since the epoch. */
    DateTime: { Input: never; Output: number }
    JSON: { Input: never; Output: Json }
  }
}>({
  defaultFieldNullability: false,
  plugins: [RelayPlugin],
  relay: {
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: {
      description: 'Anything that has an id of its own and can be asked for by it.',
    },
    idFieldOptions: { description: 'Opaque, and unique over all types.' },
    pageInfoTypeOptions: { description: 'Where a page of a connection stands.' },
    hasNextPageFieldOptions: { nullable: false, description: 'There are items behind this page.' },
    hasPreviousPageFieldOptions: { nullable: false, description: 'There are items before this page.' },
    startCursorFieldOptions: { nullable: true, description: "The first item's cursor. Null when the page is empty." },
    endCursorFieldOptions: { nullable: true, description: "The last item's cursor. Null when the page is empty." },
    pageInfoFieldOptions: { description: 'Where the page stands.' },
    edgesFieldOptions: { nullable: { list: false, items: false }, description: 'The items of the page, in order.' },
    nodeFieldOptions: { nullable: false, description: 'The item itself.' },
    cursorFieldOptions: { description: 'Where the item stands: give it as after or before to go on from here.' },
    firstArgOptions: {
      description:
        'How many items from the start of what is left: 1 to 1,000. 50 when neither first nor last is given.',
    },
    lastArgOptions: { description: 'How many items from the end of what is left: 1 to 1,000.' },
    afterArgOptions: { description: 'Only items behind this cursor.' },
    beforeArgOptions: { description: 'Only items before this cursor.' },
  },
})

builder.queryType({ description: 'What can be read.' })
builder.mutationType({ description: 'What can be changed.' })
builder.subscriptionType({ description: 'What can be followed as it happens. Leaving never stops a stream.' })

builder.scalarType('DateTime', {
  description: 'A point in time, as RFC 3339 has it: in UTC, with milliseconds.',
  serialize: (milliseconds) => new Date(milliseconds).toISOString(),
})

builder.scalarType('JSON', {
  description: 'Any JSON value.',
  serialize: (value) => value,
})
