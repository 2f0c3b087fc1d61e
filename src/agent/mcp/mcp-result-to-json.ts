import type { CallToolResult } from '@ai-sdk/mcp'
import { z } from 'zod'
import type { Json } from '../../lib/text/json.ts'
import { ToolError } from '../tools/tool.ts'

const contentPartsSchema = z.array(z.record(z.string(), z.json()))
const resultSchema = z.object({
  content: contentPartsSchema.default([]),
  structuredContent: z.json().optional(),
  isError: z.boolean().optional(),
  /** The result in the first version of the protocol. */
  toolResult: z.json().optional(),
})

const textPartSchema = z.object({ type: z.literal('text'), text: z.string() })

/**
 * Converts a tool result to its simplest form: structured content, a text, or the content parts. Throws a ToolError if
 * the tool reports a failure.
 */
export function mcpResultToJson(result: CallToolResult): Json {
  const { content, structuredContent, isError, toolResult } = resultSchema.parse(result)
  const texts = content.flatMap((part) => textPartSchema.safeParse(part).data?.text ?? [])
  if (isError)
    throw new ToolError(texts.join('\n') || (content.length > 0 ? JSON.stringify(content) : 'The tool failed.'))
  if (toolResult !== undefined) return toolResult
  if (texts.length < content.length) return content
  if (structuredContent !== undefined) return structuredContent
  const [text] = texts
  return texts.length === 1 && text !== undefined ? text : content
}
