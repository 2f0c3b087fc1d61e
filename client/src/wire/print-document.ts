/** A node of a parsed document, as all libraries make them (the AST of graphql-js). */
type Node = Readonly<Record<string, unknown>> & { readonly kind: string }

/** The text of a parsed document (`DocumentNode`). Throws a TypeError for anything else. */
export function printDocument(document: unknown): string {
  if (isNode(document)) return print(document)
  throw new TypeError('The document is neither a text nor a parsed document.')
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
}

/** The text of a field of a node: of a node, of a list, or as it is. */
function print(value: unknown): string {
  if (Array.isArray(value)) return value.map(print).join(' ')
  if (!isNode(value)) return value === undefined || value === null ? '' : String(value)
  return (printers[value.kind] ?? printUnknown)(value)
}

const printUnknown = ({ kind }: Node): string => {
  throw new TypeError(`A document for a request cannot contain ${kind}.`)
}

/** The text before and after a field of a node, if it has one. */
function wrap(before: string, value: unknown, after = ''): string {
  const text = print(value)
  return text === '' ? '' : before + text + after
}

const printList = (values: unknown): string => (Array.isArray(values) ? values.map(print).join(',') : '')

const printers: Readonly<Record<string, (node: Node) => string>> = {
  Document: ({ definitions }) => print(definitions),
  OperationDefinition: ({ operation, name, variableDefinitions, directives, selectionSet }) =>
    `${print(operation)}${wrap(' ', name)}${wrap('(', printList(variableDefinitions), ')')} ${print(directives)}${print(selectionSet)}`,
  VariableDefinition: ({ variable, type, defaultValue, directives }) =>
    `${print(variable)}:${print(type)}${wrap('=', defaultValue)}${wrap(' ', directives)}`,
  SelectionSet: ({ selections }) => `{${print(selections)}}`,
  Field: ({ alias, name, arguments: args, directives, selectionSet }) =>
    `${wrap('', alias, ':')}${print(name)}${wrap('(', printList(args), ')')}${wrap(' ', directives)}${print(selectionSet)}`,
  FragmentDefinition: ({ name, typeCondition, directives, selectionSet }) =>
    `fragment ${print(name)} on ${print(typeCondition)} ${print(directives)}${print(selectionSet)}`,
  FragmentSpread: ({ name, directives }) => `...${print(name)}${wrap(' ', directives)}`,
  InlineFragment: ({ typeCondition, directives, selectionSet }) =>
    `...${wrap(' on ', typeCondition)} ${print(directives)}${print(selectionSet)}`,
  Directive: ({ name, arguments: args }) => `@${print(name)}${wrap('(', printList(args), ')')}`,
  Name: ({ value }) => print(value),
  Argument: printNamedValue,
  ObjectField: printNamedValue,
  Variable: ({ name }) => `$${print(name)}`,
  NamedType: ({ name }) => print(name),
  ListType: ({ type }) => `[${print(type)}]`,
  NonNullType: ({ type }) => `${print(type)}!`,
  StringValue: ({ value }) => JSON.stringify(value),
  NullValue: () => 'null',
  ListValue: ({ values }) => `[${printList(values)}]`,
  ObjectValue: ({ fields }) => `{${printList(fields)}}`,
  IntValue: ({ value }) => print(value),
  FloatValue: ({ value }) => print(value),
  BooleanValue: ({ value }) => print(value),
  EnumValue: ({ value }) => print(value),
}

function printNamedValue({ name, value }: Node): string {
  return `${print(name)}:${print(value)}`
}
