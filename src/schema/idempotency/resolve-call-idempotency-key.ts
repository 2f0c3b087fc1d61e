import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  Kind,
  type SelectionNode,
} from 'graphql'
import { createBadInputError } from '../../lib/errors.ts'

const maxKeyCodeUnits = 200 // UTF-16 code units

/**
 * The key of a call: its argument `key` or its input field `key`, else the key of the request. The latter is the key of
 * the operation's only root field; where there are several, each has `<key>:<response name>`. Throws BAD_USER_INPUT for
 * what cannot be a key.
 */
export function resolveCallIdempotencyKey(
  args: object,
  requestKey: string | null,
  info: GraphQLResolveInfo,
): string | null {
  const explicitKey = readKeyField(args)
  if (explicitKey !== null) return assertValidIdempotencyKey(explicitKey, 'key')
  const inputKey = 'input' in args ? readKeyField(args.input) : null
  if (inputKey !== null) return assertValidIdempotencyKey(inputKey, 'input', 'key')
  if (requestKey === null) return null
  assertValidIdempotencyKey(requestKey)
  return countRootFields(info) === 1 ? requestKey : `${requestKey}:${info.path.key}`
}

/** Returns the key. Throws BAD_USER_INPUT for what cannot be a key. `path` leads to the argument. */
function assertValidIdempotencyKey(key: string, ...path: string[]): string {
  // A lone surrogate would be stored as U+FFFD, so that two different keys became equal.
  if (key !== '' && key.length <= maxKeyCodeUnits && key.isWellFormed()) return key
  throw createBadInputError(`The key is not valid. Use 1 to ${maxKeyCodeUnits} Unicode characters.`, ...path)
}

function readKeyField(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('key' in value)) return null
  return typeof value.key === 'string' ? value.key : null
}

/** How many root fields the operation executes, without `__typename`, which changes nothing. */
function countRootFields(info: GraphQLResolveInfo): number {
  const names = new Set<string>()
  const collect = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      if (!isIncluded(selection, info)) continue
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet.selections)
      else if (selection.kind === Kind.FRAGMENT_SPREAD)
        collect(info.fragments[selection.name.value]?.selectionSet.selections ?? [])
      else if (selection.name.value !== '__typename') names.add((selection.alias ?? selection.name).value)
    }
  }
  collect(info.operation.selectionSet.selections)
  return names.size
}

function isIncluded(selection: SelectionNode, { variableValues }: GraphQLResolveInfo): boolean {
  const skip = getDirectiveValues(GraphQLSkipDirective, selection, variableValues)
  const include = getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)
  return skip?.['if'] !== true && include?.['if'] !== false
}
