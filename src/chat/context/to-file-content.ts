import type { MessagePart } from '../../model/message.ts'
import { decodeUtf8, parseDataUrl } from '../attachments/data-url.ts'
import { isTextMediaType, pdfMediaType } from '../attachments/media-type.ts'

/** What a model is sent for a file: an image or a PDF is sent as a file, a text file as its content. */
export function toFileContent({ mediaType, name, url }: Extract<MessagePart, { type: 'file' }>) {
  if (mediaType === pdfMediaType && name !== null)
    return { type: 'file', data: url, mediaType, filename: name } as const
  if (!isTextMediaType(mediaType)) return { type: 'file', data: url, mediaType } as const
  const data = parseDataUrl(url)
  const fileText = data && decodeUtf8(data)
  const title = name ?? mediaType
  const text = fileText === null ? `[${title}] ${url}` : `[${title}]\n${fileText}`
  return { type: 'text', text: text.toWellFormed() } as const
}
