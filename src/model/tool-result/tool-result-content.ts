import { isJsonObject, type Json } from '../../lib/text/json.ts'

/** An image or another file in the result of a tool. */
export interface ToolResultFile {
  readonly type: 'image' | 'file'
  readonly mediaType: string
  readonly name: string | null
  /** In bytes. */
  readonly size: number
  /** A path of the server; null for a file of an old result, whose bytes have no URL. */
  readonly url: string | null
}

/** One element of a result's content, as an MCP server sent it, except that files are replaced. */
export type ToolResultElement = { [key: string]: Json }

/** A result that is more than one value: texts, files and other elements in order, and data beside them. */
export interface ToolResultContent {
  readonly content: readonly ToolResultElement[]
  /** What programs read instead of the texts. */
  readonly structuredContent?: Json
}

const elementTypes: ReadonlySet<Json | undefined> = new Set([
  'text',
  'image',
  'audio',
  'file',
  'resource',
  'resource_link',
])

/** The content of a result: also of one that an earlier version stored as a list. Null for any other value. */
export function parseToolResultContent(result: Json): ToolResultContent | null {
  if (Array.isArray(result)) return toContent(result, true)
  if (!isJsonObject(result)) return null
  const { content, structuredContent, ...rest } = result
  return Array.isArray(content) && Object.keys(rest).length === 0 ? toContent(content, false, structuredContent) : null
}

/** The file that an element of a result's content stands for; null if it is none. */
export function parseToolResultFile(element: ToolResultElement): ToolResultFile | null {
  const { type, mediaType, name, size, url } = element
  if ((type !== 'image' && type !== 'file') || typeof mediaType !== 'string' || typeof size !== 'number') return null
  return {
    type,
    mediaType,
    name: typeof name === 'string' ? name : null,
    size,
    url: typeof url === 'string' ? url : null,
  }
}

/** Describes a file in one short line, such as `[chart.png, image/png, 150 kB]`. */
export function formatToolResultFile({ mediaType, name, size }: ToolResultFile): string {
  return `[${name === null ? '' : `${name}, `}${mediaType}, ${formatSize(size)}]`
}

function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 100_000) / 10} MB`
}

function toContent(elements: readonly Json[], isList: boolean, structuredContent?: Json): ToolResultContent | null {
  const content = elements.filter(isJsonObject)
  // Lists of objects may be data; beside an element of a known type, others are content as well.
  const knownCount = content.filter(({ type }) => elementTypes.has(type)).length
  const isContent = isList ? knownCount === elements.length : knownCount > 0 || elements.length === 0
  if (content.length < elements.length || !isContent) return null
  return { content, ...(structuredContent !== undefined && { structuredContent }) }
}
