import { readFileSync } from 'node:fs'
import { findJsonErrorPosition } from './find-json-error-position.ts'
import { renameConfigKeys } from './rename-config-keys.ts'
import { unknownKeyMessage } from './value-schemas.ts'

export interface ConfigFile {
  /** The allowed keys that the file has, with their unchecked values. */
  readonly values: ReadonlyMap<string, unknown>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Names that other programs have for keys. */
const keyAliases: Readonly<Record<string, string>> = { servers: 'mcpServers' }

/** Reads a config.json without checking its values. A file that does not exist is empty. */
export function readConfigFile(path: string, allowedKeys: readonly string[]): ConfigFile {
  try {
    // TextDecoder removes a byte order mark, which some editors write.
    return parseConfig(new TextDecoder().decode(readFileSync(path)), path, allowedKeys)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : String(error)
    return toEmptyFile(code === 'ENOENT' ? [] : [`${path}: Cannot read the file (${code}).`])
  }
}

function parseConfig(text: string, path: string, allowedKeys: readonly string[]): ConfigFile {
  let config: unknown
  try {
    config = JSON.parse(text)
  } catch {
    const { line, column } = findJsonErrorPosition(text)
    return toEmptyFile([`${path}: line ${line}, column ${column}: Invalid JSON.`])
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    return toEmptyFile([`${path}: Must be a JSON object.`])
  const { value, warnings } = renameConfigKeys(config, keyAliases)
  const entries = Object.entries(Object(value))
  const isKnown = ([key]: readonly [string, unknown]): boolean => allowedKeys.includes(key)
  return {
    values: new Map(entries.filter(isKnown)),
    problems: entries
      .filter((entry) => !isKnown(entry))
      .map(([key]) => `${path}: ${key}: ${unknownKeyMessage(allowedKeys)}`),
    warnings: warnings.map(({ key, message }) => `${path}: ${key}: ${message}`),
  }
}

const toEmptyFile = (problems: readonly string[]): ConfigFile => ({ values: new Map(), problems, warnings: [] })
