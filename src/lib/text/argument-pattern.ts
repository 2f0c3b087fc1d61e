import { isDeepStrictEqual } from 'node:util'
import type { Json, JsonObject } from './json.ts'
import { compileWildcardPattern } from './wildcard-pattern.ts'

/**
 * Whether the arguments of a tool call match a pattern: arguments by name. `*` in a string stands for any text; everything
 * else is compared as a whole. An argument that is not named is free. A path with `..` matches no pattern.
 */
export function argumentsMatch(pattern: JsonObject, callArguments: JsonObject): boolean {
  if (leadsToParentFolder(pattern, callArguments)) return false
  return Object.entries(pattern).every(([name, expected]) => {
    const value = readArgument(callArguments, name)
    return value !== undefined && valueMatches(expected, value)
  })
}

/** Whether an argument that the pattern names is a path, or a URL, with a segment `..`, encoded or not. */
export function leadsToParentFolder(pattern: JsonObject, callArguments: JsonObject): boolean {
  return Object.keys(pattern).some((name) => {
    const value = readArgument(callArguments, name)
    return typeof value === 'string' && hasParentSegment(value)
  })
}

function readArgument(callArguments: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(callArguments, name) ? callArguments[name] : undefined
}

function valueMatches(expected: Json, value: Json): boolean {
  if (typeof expected === 'string' && typeof value === 'string') return compileWildcardPattern(expected)(value)
  return isDeepStrictEqual(expected, value)
}

/** URL parsers read `%2e` as a dot, and Windows ignores spaces around a segment. */
function hasParentSegment(text: string): boolean {
  const decoded = text.replaceAll(/%2e/gi, '.').replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\')
  return decoded.split(/[/\\]/).some((segment) => segment.trim() === '..')
}
