import { readFileSync } from 'node:fs'
import { findJsonErrorPosition } from './json-error-position.ts'

/** The keys of config.json as they were given; those that are not there are not in the map. */
export type ConfigFile = ReadonlyMap<string, unknown>

/**
 * Reads a config.json, in which only `known` keys may stand, without judging its values. Whatever is wrong is added to
 * `problems`; there may be no file.
 */
export function readConfigFile(path: string, allowedKeys: readonly string[], problems: string[]): ConfigFile {
  const text = readText(path, problems)
  if (text === null) return new Map()
  const object = parseObject(text, path, problems)
  for (const key of Object.keys(object)) {
    if (!allowedKeys.includes(key))
      problems.push(`${path}: ${key}: unknown key; it has to be one of ${allowedKeys.join(', ')}`)
  }
  return new Map(Object.entries(object).filter(([key]) => allowedKeys.includes(key)))
}

function readText(path: string, problems: string[]): string | null {
  try {
    // The decoder drops a byte order mark, as some editors write it.
    return new TextDecoder().decode(readFileSync(path))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : String(error)
    if (code !== 'ENOENT') problems.push(`${path}: can't be read (${code})`)
    return null
  }
}

function parseObject(text: string, path: string, problems: string[]): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    problems.push(`${path}: it has to be an object, in braces`)
  } catch {
    const { line, column } = findJsonErrorPosition(text)
    problems.push(`${path}: line ${line}, column ${column}: this is not JSON`)
  }
  return {}
}
