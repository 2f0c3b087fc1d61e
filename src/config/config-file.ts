import { findExposure } from '../lib/files/private-files.ts'
import { NotRegularFileError, readRegularFile } from '../lib/files/read-regular-file.ts'
import { findJsonErrorPosition } from './find-json-error-position.ts'
import { listPrototypeKeys, prototypeKey } from '../lib/text/json.ts'
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
    const text = new TextDecoder().decode(readRegularFile(path))
    const config = parseConfig(text, path, allowedKeys)
    return { ...config, warnings: [...config.warnings, ...findKeyExposure(path, text)] }
  } catch (error) {
    if (error instanceof NotRegularFileError)
      return toEmptyFile([`${path}: Is not a regular file. Replace it by one, or remove it.`])
    const code = error instanceof Error && 'code' in error ? error.code : String(error)
    return toEmptyFile(code === 'ENOENT' ? [] : [`${path}: Cannot read the file (${code}).`])
  }
}

/** Entries whose values are secrets, unless they name a variable of the environment. */
const secretKeyPattern = /"(apiKey|headers|env)"\s*:/i

/** A warning if other users can read a file that holds keys. */
function findKeyExposure(path: string, text: string): string[] {
  const exposure = secretKeyPattern.test(text) ? findExposure(path) : null
  return exposure === null ? [] : [exposure]
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
  // Of names that people choose, such as those of providers, schemas leave it out without a word.
  const hidden = listPrototypeKeys(config).filter((key) => key !== prototypeKey)
  const { value, warnings } = renameConfigKeys(config, keyAliases)
  const entries = Object.entries(Object(value))
  const isKnown = ([key]: readonly [string, unknown]): boolean => allowedKeys.includes(key)
  return {
    values: new Map(entries.filter(isKnown)),
    problems: [
      ...entries
        .filter((entry) => !isKnown(entry))
        .map(([key]) => `${path}: ${key}: ${unknownKeyMessage(allowedKeys)}`),
      ...hidden.map((key) => `${path}: ${key}: This key is not allowed. Use another name.`),
    ],
    warnings: warnings.map(({ key, message }) => `${path}: ${key}: ${message}`),
  }
}

const toEmptyFile = (problems: readonly string[]): ConfigFile => ({ values: new Map(), problems, warnings: [] })
