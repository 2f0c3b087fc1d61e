import type { CallToolResult } from '@ai-sdk/mcp'
import { z } from 'zod'
import { type Json, stringifyJson, toWellFormedJson } from '../../../lib/text/json.ts'
import {
  formatToolResultFile,
  parseToolResultFile,
  type ToolResultElement,
} from '../../../model/tool-result/tool-result-content.ts'
import { ToolError } from '../../tools/tool.ts'
import type { StoreFile } from '../../produced-file.ts'
import { targetsEveryMcpAudience, mcpContentToResultElements } from './mcp-content-to-result-elements.ts'
import { compareStructuredContent } from './compare-structured-content.ts'
import { restoreBigIntegers } from '../transport/big-integer-marker.ts'

/** A value of a message, which was parsed from JSON. */
const json = z
  .custom<Json>((value) => value !== undefined)
  .transform((value) => restoreBigIntegers(toWellFormedJson(value)))
const resultSchema = z.object({
  content: z.array(json).default([]),
  structuredContent: json.optional(),
  isError: z.boolean().optional(),
  /** The result in the first version of the protocol. */
  toolResult: json.optional(),
})

/**
 * Converts a tool result to its simplest form without loss: a text, structured content that its only text repeats, or an
 * object with the content in order and the structured content beside it. Files are stored. Throws a ToolError if the
 * tool reports a failure.
 */
export async function mcpResultToJson(result: CallToolResult, storeFile: StoreFile): Promise<Json> {
  const { content, structuredContent, isError, toolResult } = resultSchema.parse(result)
  if (toolResult !== undefined) return toolResult
  const elements = await mcpContentToResultElements(content, isError ? null : storeFile)
  if (isError) throw new ToolError(formatFailure(elements))
  if (elements.length === 0 && structuredContent !== undefined) return structuredContent
  const texts = elements.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : []))
  const relation = structuredContent === undefined ? 'wrapped' : compareStructuredContent(structuredContent, texts)
  const [text] = texts
  if (
    elements.length === 1 &&
    text !== undefined &&
    elements.every(targetsEveryMcpAudience) &&
    relation !== 'different'
  )
    return relation === 'equal' ? (structuredContent ?? null) : text
  const hasOwnStructure = structuredContent !== undefined && relation === 'different'
  return { content: elements, ...(hasOwnStructure && { structuredContent }) }
}

function formatFailure(elements: readonly ToolResultElement[]): string {
  const lines = elements.map((element) => {
    const file = parseToolResultFile(element)
    if (file) return formatToolResultFile(file)
    return typeof element['text'] === 'string' ? element['text'] : stringifyJson(element)
  })
  return lines.join('\n') || 'The tool failed.'
}
