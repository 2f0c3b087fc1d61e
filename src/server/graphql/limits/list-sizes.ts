import {
  type FieldNode,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isObjectType,
} from 'graphql'
import { readValue } from './selected-fields.ts'

/** The number of rows that lists have at present, by type and field such as `Profile.jobs`. */
export type RowCounts = ReadonlyMap<string, number>

/** What counts for a list without pages, if the number of its rows is not known before the operation is executed. */
const unknownListSize = 100

/**
 * What lists usually have that are within other lists, where it is less than `unknownListSize`. With more, the page of 1,000
 * messages with which a client comes back to a long chat, and the list of the models of all providers, would cost more than
 * an operation may. Those of a message are averages over a long chat.
 */
const usualSizes: ReadonlyMap<string, number> = new Map([
  ['Message.parts', 5],
  ['Message.toolCalls', 2],
  ['Message.alternatives', 2],
  ['Clarification.choices', 10],
  ['Conversation.segments', 10],
  ['Model.efforts', 10],
  ['Model.omittedTools', 10],
  ['QueueChanged.queue', 10],
  ['QueueChanged.streamIds', 10],
  ['Session.pendingApprovals', 10],
  ['Session.pendingClarifications', 10],
  ['Session.queue', 10],
  ['Stream.steered', 10],
])

/** A larger page is BAD_USER_INPUT when the operation is executed. */
const maxPageSize = 1000

/** The page size of connections, without `first` and `last`. */
const defaultPageSize = 50

/** The number of items that a field returns at most: its page size, the number of its rows if it is known, or an estimate. */
export function estimateListSize(
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  { variables, rowCounts }: { readonly variables: Readonly<Record<string, unknown>>; readonly rowCounts: RowCounts },
): number {
  const coordinate = `${type.name}.${field.name}`
  const pageArguments = field.args.filter(({ name }) => name === 'first' || name === 'last')
  const sizes = pageArguments.flatMap(({ name }) => {
    const argument = node.arguments?.find((each) => each.name.value === name)
    const size = readValue(argument?.value, variables)
    return typeof size === 'number' ? [Math.min(Math.max(size, 0), maxPageSize)] : []
  })
  if (sizes.length > 0) return Math.max(...sizes)
  const known = rowCounts.get(coordinate) ?? usualSizes.get(coordinate)
  if (known !== undefined) return known
  const defaultSize: unknown = pageArguments.find(({ name }) => name === 'first')?.defaultValue
  if (typeof defaultSize === 'number') return defaultSize
  if (pageArguments.length > 0) return defaultPageSize
  const itemType = getNamedType(field.type)
  return isEnumType(itemType) ? itemType.getValues().length : unknownListSize
}

/** The average lengths of the lists that introspection returns, which depend on the schema only. */
export function countIntrospectionRows(schema: GraphQLSchema): RowCounts {
  const types = Object.values(schema.getTypeMap())
  const average = (count: (type: (typeof types)[number]) => number): number =>
    Math.ceil(types.reduce((sum, type) => sum + count(type), 0) / types.length)
  const fields = types.flatMap((type) => ('getFields' in type ? Object.values(type.getFields()) : []))
  const args = fields.reduce((sum, field) => sum + ('args' in field ? field.args.length : 0), 0)
  return new Map([
    ['__Schema.types', types.length],
    ['__Schema.directives', schema.getDirectives().length],
    ['__Type.fields', average((type) => ('getFields' in type ? Object.keys(type.getFields()).length : 0))],
    ['__Type.inputFields', average((type) => ('getFields' in type ? Object.keys(type.getFields()).length : 0))],
    ['__Type.enumValues', average((type) => (isEnumType(type) ? type.getValues().length : 0))],
    ['__Type.interfaces', average((type) => (isObjectType(type) ? type.getInterfaces().length : 0))],
    ['__Type.possibleTypes', 1],
    ['__Field.args', Math.ceil(args / fields.length)],
    ['__Directive.args', 2],
    ['__Directive.locations', 4],
  ])
}
