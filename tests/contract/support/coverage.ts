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
 * Everything that can be asked for and that no operation of the document asks for, by name: `Session.title`,
 * `Query.sessions(first:)`, `SessionFilter.ids`, `Channel.WEB`. An enum counts where it is given, not where it is got.
 * The document must be valid, so that no fragment in it goes unused.
 */
export function unasked(schema: GraphQLSchema, document: DocumentNode): string[] {
  const asked = askedIn(schema, document)
  return askable(schema).filter((name) => !asked.has(name))
}

/** Every type, field, argument and enum value that has no description, by name. */
export function undescribed(schema: GraphQLSchema): string[] {
  const all: Member[] = ownTypes(schema).flatMap((type) => [type, members(type)].flat())
  return all.filter(({ description }) => (description ?? '').trim() === '').map(({ name }) => name)
}

function askable(schema: GraphQLSchema): string[] {
  const given = enumsThatAreGiven(schema)
  return ownTypes(schema).flatMap((type) => {
    if (isEnumType(type) && !given.has(type.name)) return []
    return members(type).map(({ name }) => name)
  })
}

interface Member {
  /** With its type's, as people write it. */
  readonly name: string
  readonly description?: string | null | undefined
}

function members(type: GraphQLNamedType): Member[] {
  if (isObjectType(type) || isInterfaceType(type)) {
    return Object.values(type.getFields()).flatMap((field) => {
      const args = field.args.map(({ name, description }) => ({ name: `${field.name}(${name}:)`, description }))
      return [field, args].flat().map((member) => memberOf(type, member))
    })
  }
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => memberOf(type, field))
  return isEnumType(type) ? type.getValues().map((value) => memberOf(type, value)) : []
}

function memberOf(type: GraphQLNamedType, { name, description }: Member): Member {
  return { name: `${type.name}.${name}`, description }
}

function ownTypes(schema: GraphQLSchema): GraphQLNamedType[] {
  return Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
}

function enumsThatAreGiven(schema: GraphQLSchema): Set<string> {
  const given = new Set<string>()
  for (const type of ownTypes(schema)) {
    const inputs = isInputObjectType(type)
      ? Object.values(type.getFields())
      : isObjectType(type) || isInterfaceType(type)
        ? Object.values(type.getFields()).flatMap(({ args }) => args)
        : []
    for (const input of inputs) given.add(getNamedType(input.type).name)
  }
  return given
}

function askedIn(schema: GraphQLSchema, document: DocumentNode): Set<string> {
  const asked = new Set<string>()
  const info = new TypeInfo(schema)
  /** The types that are asked when this one is: what asks an interface asks all that implement it. */
  const asking = (): readonly GraphQLNamedType[] => {
    const type = info.getParentType()
    if (!type) return []
    return isAbstractType(type) ? [type, ...schema.getPossibleTypes(type)] : [type]
  }
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: ({ name }) => {
        for (const type of asking()) asked.add(`${type.name}.${name.value}`)
      },
      Argument: ({ name }) => {
        const field = info.getFieldDef()
        for (const type of asking()) asked.add(`${type.name}.${field?.name}(${name.value}:)`)
      },
      ObjectField: ({ name }) => {
        const type = info.getParentInputType()
        if (type) asked.add(`${getNamedType(type).name}.${name.value}`)
      },
      EnumValue: ({ value }) => {
        const type = info.getInputType()
        if (type) asked.add(`${getNamedType(type).name}.${value}`)
      },
    }),
  )
  return asked
}
