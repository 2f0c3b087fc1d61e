import {
  type DocumentNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'

/**
 * The coordinates that no operation of the document covers: `Session.title`,
 * `Query.sessions(first:)`, `SessionFilter.ids`, `Channel.WEB`. Enum values count in inputs only.
 * The document must be valid, so that it has no unused fragments.
 */
export function findUnrequested(schema: GraphQLSchema, document: DocumentNode): string[] {
  const requested = collectRequested(schema, document)
  return listRequestable(schema).filter((name) => !requested.has(name))
}

/** The coordinates of all types, fields, arguments and enum values without a description. */
export function findUndescribed(schema: GraphQLSchema): string[] {
  const all: Member[] = listSchemaTypes(schema).flatMap((type) => [type, listMembers(type)].flat())
  return all.filter(({ description }) => (description ?? '').trim() === '').map(({ name }) => name)
}

function listRequestable(schema: GraphQLSchema): string[] {
  const inputEnums = listInputEnums(schema)
  return listSchemaTypes(schema).flatMap((type) => {
    if (isEnumType(type) && !inputEnums.has(type.name)) return []
    return listMembers(type).map(({ name }) => name)
  })
}

interface Member {
  /** The coordinate. */
  readonly name: string
  readonly description?: string | null | undefined
}

function listMembers(type: GraphQLNamedType): Member[] {
  if (isObjectType(type) || isInterfaceType(type)) {
    return Object.values(type.getFields()).flatMap((field) => {
      const args = field.args.map(({ name, description }) => ({ name: `${field.name}(${name}:)`, description }))
      return [field, args].flat().map((member) => qualifyMember(type, member))
    })
  }
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => qualifyMember(type, field))
  return isEnumType(type) ? type.getValues().map((value) => qualifyMember(type, value)) : []
}

function qualifyMember(type: GraphQLNamedType, { name, description }: Member): Member {
  return { name: `${type.name}.${name}`, description }
}

function listSchemaTypes(schema: GraphQLSchema): GraphQLNamedType[] {
  return Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
}

function listInputEnums(schema: GraphQLSchema): Set<string> {
  const inputTypes = new Set<string>()
  for (const type of listSchemaTypes(schema)) {
    const inputs = isInputObjectType(type)
      ? Object.values(type.getFields())
      : isObjectType(type) || isInterfaceType(type)
        ? Object.values(type.getFields()).flatMap(({ args }) => args)
        : []
    for (const input of inputs) inputTypes.add(getNamedType(input.type).name)
  }
  return inputTypes
}

function collectRequested(schema: GraphQLSchema, document: DocumentNode): Set<string> {
  const requested = new Set<string>()
  const info = new TypeInfo(schema)
  /** The types that a selection on this type covers: an interface and all types that implement it. */
  const parentTypes = (): readonly GraphQLNamedType[] => {
    const type = info.getParentType()
    if (!type) return []
    return isAbstractType(type) ? [type, ...schema.getPossibleTypes(type)] : [type]
  }
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: ({ name }) => {
        for (const type of parentTypes()) requested.add(`${type.name}.${name.value}`)
      },
      Argument: ({ name }) => {
        const field = info.getFieldDef()
        for (const type of parentTypes()) requested.add(`${type.name}.${field?.name}(${name.value}:)`)
      },
      ObjectField: ({ name }) => {
        const type = info.getParentInputType()
        if (type) requested.add(`${getNamedType(type).name}.${name.value}`)
      },
      EnumValue: ({ value }) => {
        const type = info.getInputType()
        if (type) requested.add(`${getNamedType(type).name}.${value}`)
      },
    }),
  )
  return requested
}
