import type { MessageStatus, ThreadMessageLike, ThreadUserMessagePart } from '@assistant-ui/react'
import type { MessagePart } from '../../../src/model/message.ts'
import { getMessageText, type LiveChatMessage, type MessageStream } from '../live-chat/live-chat-message.ts'
import { toToolCallPart } from './to-tool-call-part.ts'

type ContentPart = Exclude<ThreadMessageLike['content'], string>[number]
type Attachment = NonNullable<ThreadMessageLike['attachments']>[number]
type FileOfMessage = Extract<MessagePart, { readonly type: 'file' }>

/** Makes a URL that a page can load of a path of the server. */
type ResolveUrl = (url: string) => string

/** A message for assistant-ui, under an id that may be another one than its own. */
export function toThreadMessage(message: LiveChatMessage, id: string, resolveUrl: ResolveUrl): ThreadMessageLike {
  const { role, parts } = message
  const text = getMessageText(message)
  const common = { id, createdAt: new Date(message.createdAt), metadata: { custom: toCustomMetadata(message) } }
  switch (role) {
    case 'SYSTEM':
      return { ...common, role: 'system', content: [{ type: 'text', text }] }
    case 'USER': {
      const attachments = parts.flatMap((part) => (part.type === 'file' ? [toAttachment(part, resolveUrl)] : []))
      return { ...common, role: 'user', content: [{ type: 'text', text }], attachments }
    }
    case 'ASSISTANT':
      return {
        ...common,
        role: 'assistant',
        content: parts.map((part) => toContentPart(message, part, resolveUrl)),
        status: toMessageStatus(message),
      }
  }
}

/** The place of an answer of which nothing was produced yet, or ever. */
export function toEmptyAnswer(stream: MessageStream): ThreadMessageLike {
  return { id: stream.id, role: 'assistant', content: [], status: toStreamStatus(stream) ?? { type: 'running' } }
}

/** What components find in `metadata.custom`. */
function toCustomMetadata(message: LiveChatMessage) {
  const { sessionId, streamId, kind, status, model, usage, stream, steering = null } = message
  const finishReason = stream?.finishReason ?? null
  return { sessionId, streamId, kind, status, model, usage, finishReason, steering }
}

function toContentPart(message: LiveChatMessage, part: MessagePart, resolveUrl: ResolveUrl): ContentPart {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, text: part.text }
    case 'tool':
      return toToolCallPart(part.call, message.decisions[part.call.id] ?? {})
    case 'file':
      return toFilePart(part, resolveUrl)
  }
}

/** assistant-ui shows images by https and data URLs only; any other file by its URL. */
function toFilePart({ mediaType, name, url }: FileOfMessage, resolveUrl: ResolveUrl): ThreadUserMessagePart {
  const data = resolveUrl(url)
  const filename = name === null ? {} : { filename: name }
  if (mediaType.startsWith('image/') && /^(?:https|data):/i.test(data))
    return { type: 'image', image: data, ...filename }
  return { type: 'file', data, mimeType: mediaType, sourceType: 'url', ...filename }
}

function toAttachment(file: FileOfMessage, resolveUrl: ResolveUrl): Attachment {
  const isImage = file.mediaType.startsWith('image/')
  const data = resolveUrl(file.url)
  return {
    id: file.url,
    type: isImage ? 'image' : 'file',
    name: file.name ?? file.mediaType,
    contentType: file.mediaType,
    status: { type: 'complete' },
    content: [isImage ? { type: 'image', image: data } : toFilePart(file, resolveUrl)],
  }
}

function toMessageStatus({ status, stream, decisions }: LiveChatMessage): MessageStatus {
  const isAsking = Object.values(decisions).some(
    ({ approval, clarification }) => approval?.state === 'PENDING' || clarification?.state === 'PENDING',
  )
  if (status === 'STREAMING') return isAsking ? { type: 'requires-action', reason: 'interrupt' } : { type: 'running' }
  if (status === 'COMPLETE') return { type: 'complete', reason: 'stop' }
  return (stream && toStreamStatus(stream)) ?? { type: 'incomplete', reason: 'other' }
}

/** How a stream has ended; null while it runs. */
function toStreamStatus({ status, finishReason, error }: MessageStream): MessageStatus | null {
  switch (status) {
    case 'CANCELLED':
      return { type: 'incomplete', reason: 'cancelled' }
    case 'FAILED':
    case 'INTERRUPTED':
      return { type: 'incomplete', reason: 'error', error: error?.message ?? 'The answer was interrupted.' }
    case 'COMPLETED':
      if (finishReason === 'LENGTH') return { type: 'incomplete', reason: 'length' }
      if (finishReason === 'CONTENT_FILTER' || finishReason === 'REFUSAL')
        return { type: 'incomplete', reason: 'content-filter' }
      return { type: 'complete', reason: 'stop' }
    default:
      return null
  }
}
