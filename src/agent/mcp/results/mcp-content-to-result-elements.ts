import { isImageMediaType } from '../../../lib/is-image-media-type.ts'
import { z } from 'zod'
import { correctMediaType } from '../../../lib/detect-image-media-type.ts'
import { isJsonObject, type Json, stringifyJson } from '../../../lib/text/json.ts'
import { toBlobUrlPath } from '../../../model/message-content/blob-url.ts'
import type { ToolResultElement, ToolResultFile } from '../../../model/tool-result/tool-result-content.ts'
import { wrappedMcpContentType } from '../transport/normalize-mcp-response-result.ts'
import type { StoreFile } from '../../produced-file.ts'

/** An image or audio, which has `data`, or an embedded resource, which has `blob`. */
const fileSchema = z
  .object({
    data: z.string(),
    mimeType: z.string().default(''),
    name: z.string().optional(),
    uri: z.string().optional(),
  })
  .or(
    z
      .object({ blob: z.string(), mimeType: z.string().default(''), name: z.string().optional(), uri: z.string() })
      .transform(({ blob, ...rest }) => ({ ...rest, data: blob })),
  )
const annotatedSchema = z.object({ annotations: z.object({ audience: z.array(z.string()) }) })

/**
 * Converts the content of a tool result: each file is stored, and stands at its place as what it is and where. Other
 * elements stay as they are. If `storeFile` is null, the files have no URL.
 */
export async function mcpContentToResultElements(
  content: readonly Json[],
  storeFile: StoreFile | null,
): Promise<ToolResultElement[]> {
  const elements: ToolResultElement[] = []
  for (const each of content) {
    const part = unwrapPart(each)
    elements.push(isJsonObject(part) ? await toElement(part, storeFile) : toTextElement(part))
  }
  return elements
}

function unwrapPart(part: Json): Json {
  return isJsonObject(part) && part['type'] === wrappedMcpContentType ? (part['part'] ?? null) : part
}

/** Some servers send values in place of content. */
function toTextElement(value: Json): ToolResultElement {
  return { type: 'text', text: typeof value === 'string' ? value : stringifyJson(value) }
}

/** Whether an element is for the model and for people, as most are. */
export function targetsEveryMcpAudience(element: ToolResultElement): boolean {
  const { data } = annotatedSchema.safeParse(element)
  return !data || ['user', 'assistant'].every((reader) => data.annotations.audience.includes(reader))
}

async function toElement(part: { [key: string]: Json }, storeFile: StoreFile | null): Promise<ToolResultElement> {
  const { annotations, text } = part
  if (part['type'] === 'text' && typeof text !== 'string') return { ...part, ...toTextElement(text ?? '') }
  const { data: source } = fileSchema.safeParse(part['type'] === 'resource' ? part['resource'] : part)
  if (!source) return part
  // Some servers send data URLs.
  const bytes = Buffer.from(source.data.replace(/^data:[^,]{0,200},/, ''), 'base64')
  const mediaType = correctMediaType(bytes, toMediaType(source.mimeType))
  const received = { bytes, mediaType, name: source.name ?? findFileName(source.uri) }
  const stored = storeFile && (await storeFile(received))
  const file: ToolResultFile = {
    type: isImageMediaType(stored?.mediaType ?? mediaType) ? 'image' : 'file',
    mediaType: stored?.mediaType ?? mediaType,
    name: stored ? stored.name : received.name,
    size: stored?.size ?? bytes.length,
    url: stored && toBlobUrlPath(stored.hash, stored.mediaType),
  }
  return {
    ...file,
    ...(source.uri !== undefined && { uri: source.uri }),
    ...(annotations !== undefined && { annotations }),
  }
}

function toMediaType(label: string): string {
  const essence = label.replace(/;.*$/s, '').trim().toLowerCase()
  return /^[a-z0-9][\w.+-]*\/[a-z0-9][\w.+-]*$/.test(essence) ? essence : 'application/octet-stream'
}

/** The last segment of a URI's path; null if it has none. */
function findFileName(uri: string | undefined): string | null {
  const name = uri
    ?.replace(/[?#].*$/s, '')
    .split('/')
    .at(-1)
  return name || null
}
