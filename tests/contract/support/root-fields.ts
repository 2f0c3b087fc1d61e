import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, getNamedType, type GraphQLField, isAbstractType, isInputObjectType, isObjectType } from 'graphql'
import type { Client, Result } from './clients.ts'
import { buildDeepSelection } from './deep-selection.ts'
import { buildValidVariables, type ValidIds } from './good-variables.ts'
import { type InputPath, withValue } from './input-positions.ts'

const schema = buildSchema(readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8'))

/** A field of a root type, with a selection of everything below it. */
export interface RootField {
  readonly name: string
  readonly kind: 'query' | 'mutation' | 'subscription'
  readonly operation: string
  /** The positions of ids and of profile names in its arguments. */
  readonly ids: readonly InputPath[]
  readonly profiles: readonly InputPath[]
  readonly hasArguments: boolean
}

const roots = [
  ['query', schema.getQueryType()],
  ['mutation', schema.getMutationType()],
  ['subscription', schema.getSubscriptionType()],
] as const

/** All fields of the root types. */
export function listRootFields(): RootField[] {
  return roots.flatMap(([kind, root]) =>
    Object.values(root?.getFields() ?? {}).map((field) => entryOf(kind, `${root?.name}.${field.name}`, field)),
  )
}

function entryOf(kind: RootField['kind'], name: string, field: GraphQLField<unknown, unknown>): RootField {
  const type = getNamedType(field.type)
  const selection = isObjectType(type) || isAbstractType(type) ? buildDeepSelection(schema, type, 2) : ''
  const declared = field.args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ')
  const passed = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ')
  const places = field.args.flatMap((arg) => {
    const of = getNamedType(arg.type)
    const inner = isInputObjectType(of) ? Object.values(of.getFields()) : []
    return [
      { path: [arg.name], type: of.name },
      ...inner.map((each) => ({ path: [arg.name, each.name], type: getNamedType(each.type).name })),
    ]
  })
  return {
    name,
    kind,
    operation: `${kind} ${declared && `(${declared})`} { ${field.name} ${passed && `(${passed})`} ${selection} }`,
    ids: places.filter((place) => place.type === 'ID').map(({ path }) => path),
    profiles: places.filter(({ path }) => path.at(-1) === 'profile').map(({ path }) => path),
    hasArguments: field.args.length > 0,
  }
}

/** The only result, or the first event that says something. */
export async function loadFirstResult(
  client: Client,
  { kind, operation }: RootField,
  variables: object,
): Promise<Result<unknown>> {
  if (kind !== 'subscription') return client.execute(operation, variables)
  for await (const result of client.subscribe(operation, variables)) if (!isReady(result)) return result
  throw new Error('The subscription ended without a result.')
}

/** The first event of `conversationsChanged` tells nothing. */
const isReady = ({ data }: Result<unknown>): boolean => JSON.stringify(data)?.includes('"kind":"READY"') ?? false

/** Valid variables, all from one profile. */
export function variablesFor({ name, profiles, hasArguments }: RootField, of: ValidIds): object {
  const good = hasArguments ? buildValidVariables({ field: name, path: [] }, of) : {}
  return profiles.reduce((variables, path) => withValue(variables, path, of.profile), good)
}
