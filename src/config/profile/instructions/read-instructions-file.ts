import { maxInstructionsLength, normalizeInstructions } from '../../../model/answer-settings/instructions.ts'
import type { ReadInstructions } from './read-instructions.ts'
import { readTextFile } from './read-text-file.ts'

/** A code unit of UTF-16 has three bytes of UTF-8 at most, and a byte order mark may stand before the text. */
const maxBytes = maxInstructionsLength * 3 + 3

/** Reads an INSTRUCTIONS.md, which is nothing but the instructions. */
export async function readInstructionsFile(path: string): Promise<ReadInstructions> {
  const content = await readTextFile(path, maxBytes)
  if ('problem' in content) return toIgnored(path, content.problem)
  const text = content.text ?? ''
  if (text.length > maxInstructionsLength)
    return toIgnored(path, `It has ${text.length} characters. Use at most ${maxInstructionsLength}.`)
  return { instructions: normalizeInstructions(text.trimEnd()), warnings: [] }
}

function toIgnored(path: string, problem: string): ReadInstructions {
  return { instructions: null, warnings: [`${path}: ${problem} The file is ignored.`] }
}
