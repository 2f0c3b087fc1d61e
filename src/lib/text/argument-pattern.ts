import { isDeepStrictEqual } from 'node:util'
import type { Json, JsonObject } from './json.ts'
import { hasParentSegment, toComparablePath } from './path-spelling.ts'
import { compileWildcardPattern } from './wildcard-pattern.ts'

/**
 * Whether the arguments of a tool call match a pattern: arguments by name. `*` in a string stands for any text; everything
 * else is compared as a whole. An argument that is not named is free. A path with `..` matches no pattern, at any depth.
 */
export function argumentsMatch(pattern: JsonObject, callArguments: JsonObject): boolean {
  if (leadsToParentFolder(pattern, callArguments)) return false
  return Object.entries(pattern).every(([name, expected]) => {
    const value = readArgument(callArguments, name)
    return value !== undefined && valueMatches(expected, value)
  })
}

/**
 * Whether arguments do not match a pattern, but may mean the same as others that do: a path with `..`, or one that differs in
 * case, separators, `.` or escapes only.
 */
export function argumentsMayMatch(pattern: JsonObject, callArguments: JsonObject): boolean {
  if (leadsToParentFolder(pattern, callArguments)) return true
  return Object.entries(pattern).every(([name, expected]) => {
    const value = readArgument(callArguments, name)
    if (value === undefined) return false
    if (typeof expected !== 'string' || typeof value !== 'string') return valueMatches(expected, value)
    return valueMatches(toComparablePath(expected), toComparablePath(value))
  })
}

/** Whether an argument that the pattern names is, or contains at any depth, a path or URL with a segment `..`. */
function leadsToParentFolder(pattern: JsonObject, callArguments: JsonObject): boolean {
  return Object.keys(pattern).some((name) => {
    const value = readArgument(callArguments, name)
    return value !== undefined && listTexts(value).some(hasParentSegment)
  })
}

/** All strings in a value. Without recursion: a call may nest them as deep as it likes. */
function listTexts(value: Json): string[] {
  const texts: string[] = []
  const pending: Json[] = [value]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') texts.push(next)
    else if (typeof next === 'object' && next !== null) pending.push(...Object.values<Json>(next))
  }
  return texts
}

function readArgument(callArguments: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(callArguments, name) ? callArguments[name] : undefined
}

function valueMatches(expected: Json, value: Json): boolean {
  if (typeof expected === 'string' && typeof value === 'string') return compileWildcardPattern(expected)(value)
  return isDeepStrictEqual(expected, value)
}
