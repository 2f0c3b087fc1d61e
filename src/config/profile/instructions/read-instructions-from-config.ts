import { parseJsonOrNull } from '../../../lib/text/json.ts'
import { maxInstructionsLength, normalizeInstructions } from '../../../model/answer-settings/instructions.ts'
import type { ReadInstructions } from './read-instructions.ts'
import { readTextFile } from './read-text-file.ts'

/** A larger config.json is not read again while the server runs. */
const maxConfigBytes = 16 * 1024 * 1024

/** Reads the key `instructions` of a config.json. */
export async function readInstructionsFromConfig(path: string): Promise<ReadInstructions> {
  const content = await readTextFile(path, maxConfigBytes)
  if ('problem' in content) return toUnreadable(path, content.problem)
  if (content.text === null) return { instructions: null, warnings: [] }
  const config = parseJsonOrNull(content.text)
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    return toUnreadable(path, 'It is not a JSON object.')
  const value: unknown = Object.hasOwn(config, 'instructions') ? Reflect.get(config, 'instructions') : null
  if (value === null) return { instructions: null, warnings: [] }
  if (typeof value !== 'string') return toIgnored(path, 'Must be a string.')
  if (value.length > maxInstructionsLength)
    return toIgnored(path, `Has ${value.length} characters. Use at most ${maxInstructionsLength}.`)
  return { instructions: normalizeInstructions(value), warnings: [] }
}

function toUnreadable(path: string, problem: string): ReadInstructions {
  return {
    instructions: undefined,
    warnings: [`${path}: ${problem} Until it is right again, the instructions that it had before count.`],
  }
}

function toIgnored(path: string, problem: string): ReadInstructions {
  return { instructions: null, warnings: [`${path}: instructions: ${problem} They are ignored.`] }
}
