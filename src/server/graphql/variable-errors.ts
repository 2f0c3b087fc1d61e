import { BREAK, type ConstValueNode, type ExecutionArgs, type GraphQLError, Kind, type ValueNode, visit } from 'graphql'
import { createGraphQLError } from './graphql-errors.ts'

type ArgumentPath = readonly (string | number)[]

/** The error that graphql-js makes for an invalid variable: the variable, the path within it, and a missing field. */
const variableErrorPattern = /^Variable "\$(?<name>\w+)" has invalid value(?: at \.?(?<rest>[^:]*))?:/

/** The error that it makes for an argument whose variable turns out to be null. */
const argumentErrorPattern = /^Argument "\w+\.\w+\((?<name>\w+):\)" has invalid value(?: at \.?(?<rest>[^:]*))?:/

const wrongFieldPattern = /: Expected value of type "\w+" (?:not )?to include \w+ field "(?<field>\w+)"/

/**
 * Turns the errors about variables into BAD_USER_INPUT. Their path begins with the name of the argument that the variable
 * is used in, like that of every other invalid argument. Other errors are left as they are.
 */
export function toPublicVariableErrors(
  errors: readonly GraphQLError[],
  operation: Pick<ExecutionArgs, 'document' | 'operationName'>,
): readonly GraphQLError[] {
  return errors.map((error) => {
    const { name, rest } = variableErrorPattern.exec(error.message)?.groups ?? {}
    if (name === undefined) return error
    const path = [...(findVariableUse(operation, name) ?? [name]), ...readInnerPath(error, rest)]
    return createGraphQLError('BAD_USER_INPUT', error.message, { path }, error)
  })
}

/** The path of the argument that an error of graphql-js at execution is about. Null for any other error. */
export function findInvalidArgument(error: GraphQLError): ArgumentPath | null {
  const { name, rest } = argumentErrorPattern.exec(error.message)?.groups ?? {}
  return name === undefined ? null : [name, ...readInnerPath(error, rest)]
}

function readInnerPath({ message }: GraphQLError, rest: string | undefined): ArgumentPath {
  const steps = (rest?.match(/\w+/g) ?? []).map((step) => (/^\d/.test(step) ? Number(step) : step))
  const field = wrongFieldPattern.exec(message)?.groups?.['field']
  return field === undefined ? steps : [...steps, field]
}

/** The path from the arguments of a field to the first use of a variable. Null if it is not used. */
function findVariableUse(
  { document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>,
  variable: string,
): ArgumentPath | null {
  let found: ArgumentPath | null = null
  for (const definition of document.definitions) {
    const isOther =
      definition.kind === Kind.OPERATION_DEFINITION && operationName && definition.name?.value !== operationName
    if (isOther || found) continue
    visit(definition, {
      Argument({ name, value }) {
        const inner = findVariable(value, variable)
        found = inner && [name.value, ...inner]
        return found ? BREAK : undefined
      },
    })
  }
  return found
}

/** The path within a value to a variable. */
function findVariable(value: ValueNode | ConstValueNode, variable: string): ArgumentPath | null {
  switch (value.kind) {
    case Kind.VARIABLE:
      return value.name.value === variable ? [] : null
    case Kind.OBJECT:
      return findFirst(value.fields, variable, ({ name }) => name.value)
    case Kind.LIST:
      return findFirst(
        value.values.map((item) => ({ value: item })),
        variable,
        (_, index) => index,
      )
    default:
      return null
  }
}

function findFirst<Child extends { readonly value: ValueNode }>(
  children: readonly Child[],
  variable: string,
  toStep: (child: Child, index: number) => string | number,
): ArgumentPath | null {
  for (const [index, child] of children.entries()) {
    const inner = findVariable(child.value, variable)
    if (inner) return [toStep(child, index), ...inner]
  }
  return null
}
