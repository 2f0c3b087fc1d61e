import type { ToolModelMessage } from 'ai'
import { z } from 'zod'
import type { ToolImageSupport } from '../../agent/models/content-support/image-support.ts'
import { detectImageMediaType } from '../../lib/detect-image-media-type.ts'
import { hasBigInteger, isJsonObject, type Json, stringifyJson, toWellFormedJson } from '../../lib/text/json.ts'
import { parseBlobUrlPath } from '../../model/message-content/blob-url.ts'
import type { ToolCall } from '../../model/message.ts'
import { stripResultFileBytes } from '../../model/tool-result/strip-result-file-bytes.ts'
import { formatApprovalAnswer } from './format-approval-answer.ts'
import {
  formatToolResultFile,
  parseToolResultContent,
  parseToolResultFile,
  type ToolResultElement,
} from '../../model/tool-result/tool-result-content.ts'

/** The bytes of an image; its URL where nobody sends them. */
export type ToolImageData = Uint8Array<ArrayBuffer> | string

/** The images of tool results that a request contains. */
export interface ToolImages {
  readonly placement: ToolImageSupport['placement']
  /** By the hashes in their URLs. Of other images the model is told what they are. */
  readonly dataByHash: ReadonlyMap<string, ToolImageData>
}

export type ModelToolResultOutput = Extract<ToolModelMessage['content'][number], { type: 'tool-result' }>['output']

/** A request without images of tools. */
export const noImages: ToolImages = { placement: 'none', dataByHash: new Map() }

/** What a model is sent about a call. */
export interface ModelToolOutput {
  readonly output: ModelToolResultOutput
  /** Images that follow in a user's message. */
  readonly images: readonly ToolImagePart[]
}

/** An image as a part of a message. */
export interface ToolImagePart {
  readonly type: 'file'
  readonly mediaType: string
  readonly data: { readonly type: 'data'; readonly data: ToolImageData }
}

type OutputPart = { readonly type: 'text'; readonly text: string } | ToolImagePart

/** Converts what came of a call to what the model is sent. */
export function toModelToolOutput(call: ToolCall, images: ToolImages): ModelToolOutput {
  const { output, ...rest }: ModelToolOutput =
    call.state === 'SUCCEEDED'
      ? toResultOutput(toWellFormedJson(call.result), images)
      : { output: { type: 'error-text', value: formatError(call) }, images: [] }
  const note = formatApprovalAnswer(call.approvalAnswer)
  return { output: note === null ? output : prependNote(output, note), ...rest }
}

/** Adds a text before what came of a call. */
function prependNote(output: ModelToolResultOutput, note: string): ModelToolResultOutput {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return { ...output, value: `${note}\n\n${output.value}` }
    case 'json':
      return { type: 'text', value: `${note}\n\n${stringifyJson(output.value)}` }
    case 'content':
      return { ...output, value: [{ type: 'text', text: note }, ...output.value] }
    default:
      return output
  }
}

function formatError({ state, error }: ToolCall): string {
  switch (state) {
    case 'FAILED':
      return error?.toWellFormed() ?? 'The tool failed.'
    case 'DENIED':
      return error?.toWellFormed() ?? 'This call was not allowed. It was not run.'
    case 'CANCELLED':
      return error?.toWellFormed() ?? 'Cancelled by the user before it finished.'
    case 'OUTCOME_UNKNOWN':
      return 'The server stopped while it ran. It may or may not have taken effect.'
    case 'SUCCEEDED':
    case 'STREAMING':
    case 'AWAITING_APPROVAL':
    case 'RUNNING':
      return 'It has not finished yet.'
  }
}

function toResultOutput(stored: Json, { placement, dataByHash }: ToolImages): ModelToolOutput {
  const result = stripResultFileBytes(stored)
  const content = parseToolResultContent(result)
  if (!content) return { output: toValueOutput(result), images: [] }
  const { structuredContent } = content
  const parts = content.content.filter(isForModel).map((element) => toOutputPart(element, dataByHash))
  if (structuredContent !== undefined) parts.push({ type: 'text', text: stringifyJson(structuredContent) })
  const images = parts.filter((part) => part.type === 'file')
  if (placement === 'in-result' && images.length > 0) return { output: { type: 'content', value: parts }, images: [] }
  const lines = parts.map((part) => (part.type === 'text' ? part.text : '[An image, which follows.]'))
  const text = lines.join('\n') || 'The tool returned nothing that is meant for you.'
  return { output: { type: 'text', value: text }, images }
}

/** The SDK sends JSON as text as well, but accepts no integers beyond 2^53 in it. */
function toValueOutput(result: Json): ModelToolResultOutput {
  if (typeof result === 'string') return { type: 'text', value: result }
  return hasBigInteger(result)
    ? { type: 'text', value: stringifyJson(result) }
    : { type: 'json', value: z.json().parse(result) }
}

function toOutputPart(element: ToolResultElement, dataByHash: ToolImages['dataByHash']): OutputPart {
  const file = parseToolResultFile(element)
  if (!file) return { type: 'text', text: formatElement(element) }
  const data = dataByHash.get(parseBlobUrlPath(file.url ?? '') ?? '')
  return data
    ? { type: 'file', mediaType: findImageMediaType(data) ?? file.mediaType, data: { type: 'data', data } }
    : { type: 'text', text: formatToolResultFile(file) }
}

/** An image that was scaled down may have another type. */
function findImageMediaType(data: ToolImageData): string | null {
  return typeof data === 'string' ? null : detectImageMediaType(Buffer.from(data.subarray(0, 16)))
}

function formatElement(element: ToolResultElement): string {
  const { type, text, resource } = element
  if (type === 'text' && typeof text === 'string') return text
  if (type === 'resource' && isJsonObject(resource) && typeof resource['text'] === 'string')
    return `[Resource ${String(resource['uri'])}]\n${resource['text']}`
  if (type === 'resource_link') return formatResourceLink(element)
  return stringifyJson(element)
}

function formatResourceLink({ uri, name, title, description, mimeType }: ToolResultElement): string {
  const details = [title ?? name, description, mimeType].filter((detail) => typeof detail === 'string' && detail !== '')
  return `[Resource ${String(uri)}: ${details.join(', ')}]`
}

/** An element may be meant for people alone. */
function isForModel({ annotations }: ToolResultElement): boolean {
  const audience = isJsonObject(annotations) ? annotations['audience'] : undefined
  return !Array.isArray(audience) || audience.length === 0 || audience.includes('assistant')
}
