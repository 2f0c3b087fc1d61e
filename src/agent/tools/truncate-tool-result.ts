import { type Json, stringifyJson } from '../../lib/text/json.ts'
import { findGraphemeStart } from '../../lib/text/truncate.ts'
import {
  parseToolResultContent,
  parseToolResultFile,
  type ToolResultContent,
  type ToolResultElement,
} from '../../model/tool-result/tool-result-content.ts'
import type { StoreFile } from '../produced-file.ts'

export interface TruncatedToolResult {
  readonly result: Json
  /** Hash of the file with the complete result, if `result` is truncated. */
  readonly fileHash?: string
}

/**
 * Shortens a tool result for the log and the model. A result of more than `maxLength` UTF-16 code units is stored
 * completely as a file, as text or JSON, and is replaced by its beginning with a note. Its images and files stay.
 */
export async function truncateToolResult(
  result: Json,
  maxLength: number,
  storeFile: StoreFile,
): Promise<TruncatedToolResult> {
  const text = typeof result === 'string' ? result.toWellFormed() : stringifyJson(result)
  if (text.length <= maxLength) return { result }
  const { hash: fileHash } = await storeFile({ bytes: Buffer.from(text), mediaType: 'text/plain', name: null })
  const content = parseToolResultContent(result)
  if (content) return { result: truncateContent(content, maxLength), fileHash }
  const preview = cut(text, maxLength)
  return { result: `${preview}\n${formatNote(preview.length, text.length)}`, fileHash }
}

/** Texts are cut together, as if they were one. What is neither a text nor a file is left out. */
function truncateContent({ content }: ToolResultContent, maxLength: number): Json {
  const totalLength = content.reduce((length, element) => length + (findText(element)?.length ?? 0), 0)
  let remaining = maxLength
  const elements = content.flatMap((element): ToolResultElement[] => {
    const text = findText(element)?.toWellFormed()
    if (text === undefined) return parseToolResultFile(element) ? [element] : []
    const preview = cut(text, remaining)
    remaining -= preview.length
    return preview === '' ? [] : [{ ...element, text: preview }]
  })
  const note = { type: 'text', text: formatNote(maxLength - remaining, totalLength) }
  return { content: [...elements, note] }
}

function findText({ type, text }: ToolResultElement): string | undefined {
  return type === 'text' && typeof text === 'string' ? text : undefined
}

function cut(text: string, maxLength: number): string {
  return text.slice(0, findGraphemeStart(text, maxLength)).toWellFormed()
}

function formatNote(length: number, totalLength: number): string {
  return `[Truncated: the first ${length} of ${totalLength} characters. The complete result is stored.]`
}
