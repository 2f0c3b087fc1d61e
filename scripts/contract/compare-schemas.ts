import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isUnionType,
  print,
} from 'graphql'

type Input = GraphQLArgument | GraphQLInputField

/**
 * Lists what a contract requires and a schema lacks or has differently, one line each: the coordinate, and for a
 * difference what the schema has. The schema may have more than the contract, but no more required inputs.
 */
export function compareSchemas(schema: GraphQLSchema, contract: GraphQLSchema): string[] {
  return Object.values(contract.getTypeMap())
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => compareTypes(schema.getType(type.name), type))
    .toSorted()
}

function compareTypes(actual: GraphQLNamedType | undefined, required: GraphQLNamedType): string[] {
  const { name } = required
  if (!actual) return [name]
  if (actual.constructor !== required.constructor) return [`${name}: is of another kind`]
  if (isEnumType(required) && isEnumType(actual)) {
    const values = new Set(actual.getValues().map((value) => value.name))
    return required.getValues().flatMap((value) => (values.has(value.name) ? [] : [`${name}.${value.name}`]))
  }
  if (isUnionType(required) && isUnionType(actual)) {
    const members = new Set(actual.getTypes().map((member) => member.name))
    return required.getTypes().flatMap((member) => (members.has(member.name) ? [] : [`${name} = ${member.name}`]))
  }
  if (isInputObjectType(required) && isInputObjectType(actual)) {
    const path = (field: string): string => `${name}.${field}`
    return compareInputs(Object.values(actual.getFields()), Object.values(required.getFields()), path)
  }
  const isComposite = isObjectType(required) || isInterfaceType(required)
  return isComposite && (isObjectType(actual) || isInterfaceType(actual)) ? compareFields(actual, required) : []
}

type Composite = Extract<GraphQLNamedType, { getInterfaces: unknown }>

function compareFields(actual: Composite, required: Composite): string[] {
  const { name } = required
  const interfaces = new Set(actual.getInterfaces().map((each) => each.name))
  const missingInterfaces = required.getInterfaces().filter((each) => !interfaces.has(each.name))
  const actualFields = actual.getFields()
  const differences = Object.values(required.getFields()).flatMap((field) => {
    const path = `${name}.${field.name}`
    const actualField = actualFields[field.name]
    if (!actualField) return [path]
    const argDifferences = compareInputs(actualField.args, field.args, (arg) => `${path}(${arg}:)`)
    return compareText(path, String(actualField.type), String(field.type)).concat(argDifferences)
  })
  return [...missingInterfaces.map((each) => `${name} implements ${each.name}`), ...differences]
}

function compareInputs(
  actual: readonly Input[],
  required: readonly Input[],
  toPath: (name: string) => string,
): string[] {
  const actualByName = new Map(actual.map((input) => [input.name, input]))
  const requiredNames = new Set(required.map(({ name }) => name))
  const differences = required.flatMap((input) => {
    const path = toPath(input.name)
    const actualInput = actualByName.get(input.name)
    return actualInput ? compareText(path, printInput(actualInput), printInput(input)) : [path]
  })
  const unexpected = actual
    .filter((input) => !requiredNames.has(input.name) && isRequired(input))
    .map((input) => `${toPath(input.name)}: is required, but not in the contract`)
  return [...differences, ...unexpected]
}

function compareText(path: string, actual: string, required: string): string[] {
  return actual === required ? [] : [`${path}: is ${actual} instead of ${required}`]
}

function isRequired({ type, astNode }: Input): boolean {
  return isNonNullType(type) && !astNode?.defaultValue
}

/** The type and the default value, as in SDL. */
function printInput({ type, astNode }: Input): string {
  return astNode?.defaultValue ? `${type} = ${print(astNode.defaultValue)}` : String(type)
}
