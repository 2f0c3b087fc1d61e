import {
  coerceInputLiteral,
  coerceInputValue,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'

type InputValues = Readonly<Record<string, unknown>>

/**
 * Makes null in an argument or an input field the same as leaving it out, in every field of a schema: generated clients
 * send null for what is unset. What has a default gets it. Null within a JSON value is a value. Changes the schema.
 */
export function omitNullArguments(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    // All schemas of the process share the types of introspection.
    if (!isObjectType(type) || isIntrospectionType(type)) continue
    for (const field of Object.values(type.getFields())) if (field.args.length > 0) wrapResolvers(field)
  }
  return schema
}

function wrapResolvers(field: GraphQLField<unknown, unknown>): void {
  const { resolve, subscribe } = field
  if (resolve) field.resolve = (source, args, ...rest) => resolve(source, omitNulls(field.args, args), ...rest)
  if (subscribe) field.subscribe = (source, args, ...rest) => subscribe(source, omitNulls(field.args, args), ...rest)
}

function omitNulls(inputs: readonly (GraphQLArgument | GraphQLInputField)[], values: InputValues): InputValues {
  return Object.fromEntries(
    inputs.flatMap((input): [string, unknown][] => {
      const value = values[input.name] ?? findDefault(input)
      return value === undefined || value === null ? [] : [[input.name, omitNullFields(input.type, value)]]
    }),
  )
}

function findDefault({ type, defaultValue, default: given }: GraphQLArgument | GraphQLInputField): unknown {
  if (defaultValue !== undefined || given === undefined) return defaultValue
  return given.literal ? coerceInputLiteral(given.literal, type) : coerceInputValue(given.value, type)
}

function omitNullFields(type: GraphQLInputType, value: unknown): unknown {
  if (isNonNullType(type)) return omitNullFields(type.ofType, value)
  if (isListType(type) && Array.isArray(value)) return value.map((item) => omitNullFields(type.ofType, item))
  if (!isInputObjectType(type) || !isInputObject(value)) return value
  return omitNulls(Object.values(type.getFields()), value)
}

function isInputObject(value: unknown): value is InputValues {
  return typeof value === 'object' && value !== null
}
