import type { ContentOmissions } from '../../../agent/content-omissions.ts'
import { createFileKey } from '../../../agent/create-file-key.ts'
import { parseBlobUrl } from '../../../model/message-content/blob-url.ts'
import type { MessagePart, MessageRecord } from '../../../model/message.ts'
import { isImageMediaType } from '../../../lib/is-image-media-type.ts'
import { isReadablePdf } from './pdf-resolver.ts'
import { isTextMediaType } from '../../attachments/media-type.ts'

type FilePart = Extract<MessagePart, { readonly type: 'file' }>
type FileOmissions = Pick<ContentOmissions, 'images' | 'otherFiles' | 'fileKeys' | 'maxImages'>

/**
 * Replaces the files that a request leaves out with one line each, which says what was there and why it is missing. Text
 * files stay, because their content is sent as text, and so do PDFs, whose text is sent in their place. Messages without such files are returned as they are.
 */
export function omitMessageFiles(messages: readonly MessageRecord[], omissions: FileOmissions): MessageRecord[] {
  let imageCount = 0
  const findReason = (part: FilePart): string | null => {
    const reason = findReasonOfFile(part, omissions)
    if (reason !== null || !isImageMediaType(part.mediaType)) return reason
    imageCount += 1
    return imageCount > omissions.maxImages ? 'only the newest images are sent' : null
  }
  const replace = (part: MessagePart): MessagePart => {
    if (part.type !== 'file' || isTextMediaType(part.mediaType) || isReadablePdf(part)) return part
    const reason = findReason(part)
    return reason === null ? part : createOmissionNote(part, reason)
  }
  // The newest come first, because they stay.
  return messages
    .toReversed()
    .map((message) => replaceParts(message, replace))
    .toReversed()
}

function replaceParts(message: MessageRecord, replace: (part: MessagePart) => MessagePart): MessageRecord {
  if (!message.parts.some(({ type }) => type === 'file')) return message
  const parts = message.parts.toReversed().map(replace).toReversed()
  return parts.every((part, index) => part === message.parts[index]) ? message : { ...message, parts }
}

/** Why a file is left out, whatever other files there are. Null if it is not. */
function findReasonOfFile(part: FilePart, { images, otherFiles, fileKeys }: FileOmissions): string | null {
  const isImage = isImageMediaType(part.mediaType)
  if (isImage ? images : otherFiles) return `the model does not accept ${isImage ? 'images' : 'such files'}`
  if (fileKeys.size === 0) return null
  const key = parseBlobUrl(part.url) ?? createFileKey(part.url)
  return fileKeys.has(key) ? 'its provider could not read it' : null
}

/** The line for a file. Some formats join the texts of a message, so it stands alone. */
export function createOmissionNote({ mediaType, name }: FilePart, reason: string): MessagePart {
  const kind = isImageMediaType(mediaType) ? 'Image' : 'File'
  return { type: 'text', text: `\n[${kind} ${name ?? mediaType}: left out, because ${reason}.]` }
}
