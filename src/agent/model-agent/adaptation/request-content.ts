import type { ModelMessage } from 'ai'
import { isImageMediaType } from '../../../lib/is-image-media-type.ts'
import { createFileKey } from '../../create-file-key.ts'

/** A file in a request to a model. */
export interface RequestFile {
  readonly key: string
  /** A URL, base64 or the bytes. */
  readonly data: string | Uint8Array
  readonly mediaType: string
  /** The index of its message. */
  readonly messageIndex: number
}

/** Lists the files of a request, images included, in order. */
export function listRequestFiles(messages: readonly ModelMessage[]): RequestFile[] {
  return messages.flatMap(({ content }, messageIndex) =>
    typeof content === 'string' ? [] : content.flatMap((part) => listPartFiles(part, messageIndex)),
  )
}

/** The files that were sent with earlier messages of the user, or have come up in their answers. */
export function listEarlierFiles(messages: readonly ModelMessage[]): RequestFile[] {
  // Within an answer, every message of the assistant calls tools.
  const lastAnswer = messages.findLastIndex(
    ({ role, content }) =>
      role === 'assistant' && (typeof content === 'string' || content.every(({ type }) => type !== 'tool-call')),
  )
  return listRequestFiles(messages).filter(({ messageIndex }) => messageIndex < lastAnswer)
}

/** Whether a file is an image. */
export function isImageFile({ mediaType }: Pick<RequestFile, 'mediaType'>): boolean {
  return isImageMediaType(mediaType)
}

/** Whether the provider fetches the file itself. */
export function isLinkedFile({ data }: Pick<RequestFile, 'data'>): boolean {
  return typeof data === 'string' && /^https?:/i.test(data)
}

/** Whether an error can name a file with this text: its URL or its bytes in base64, as they are in the body of a request. */
export function isFileNamed({ data }: Pick<RequestFile, 'data'>, named: string): boolean {
  if (named === '') return false
  return typeof data === 'string' ? data.endsWith(named) : Buffer.from(data).toString('base64') === named
}

/** Whether a request has state that only the provider can read, or the reasoning that belongs to it. */
export function hasProviderState(messages: readonly ModelMessage[]): boolean {
  return messages.some(
    ({ role, content, providerOptions }) =>
      role === 'assistant' &&
      (providerOptions !== undefined ||
        (typeof content !== 'string' &&
          content.some(
            (part) => part.type === 'reasoning' || ('providerOptions' in part && part.providerOptions !== undefined),
          ))),
  )
}

/** Whether a request has a system message. */
export function hasSystemMessage(messages: readonly ModelMessage[]): boolean {
  return messages.some(({ role }) => role === 'system')
}

/** Whether a request has earlier tool calls. */
export function hasToolCalls(messages: readonly ModelMessage[]): boolean {
  return messages.some(({ role }) => role === 'tool')
}

type ContentPart = Exclude<ModelMessage['content'], string>[number]

function listPartFiles(part: ContentPart, messageIndex: number): RequestFile[] {
  if (part.type === 'tool-result')
    return part.output.type === 'content'
      ? part.output.value.flatMap((inner) =>
          inner.type === 'file' ? toFile(inner.data, inner.mediaType, messageIndex) : [],
        )
      : []
  return part.type === 'file' ? toFile(part.data, part.mediaType, messageIndex) : []
}

function toFile(value: unknown, mediaType: string, messageIndex: number): RequestFile[] {
  const data = readData(value)
  return data === null ? [] : [{ key: createFileKey(data), data, mediaType, messageIndex }]
}

function readData(value: unknown): string | Uint8Array | null {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  if (value instanceof URL) return value.href
  if (typeof value !== 'object' || value === null) return null
  if ('data' in value) return readData(value.data)
  return 'url' in value ? readData(value.url) : null
}
