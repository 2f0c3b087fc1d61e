import type { ConvertibleFormat } from '../../lib/file-conversion/detect-convertible-format.ts'

export const imageMediaTypes: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
export const pdfMediaType = 'application/pdf'
const textMediaTypePattern =
  /^(text\/[\w.+-]+|application\/(json|xml|yaml|toml|javascript|typescript|sql|[\w.+-]+\+(json|xml)))$/

/** The media types of files that are converted before they are stored, or before some models are sent them. */
export const convertibleMediaTypes: Readonly<Record<ConvertibleFormat, string>> = {
  avif: 'image/avif',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  heic: 'image/heic',
  pdf: pdfMediaType,
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

/** Whether a model is sent the content of such a file as text. */
export function isTextMediaType(mediaType: string): boolean {
  return textMediaTypePattern.test(toMediaTypeEssence(mediaType))
}

/** A media type without parameters, in lowercase. The charset is ignored: the bytes tell it. */
export function toMediaTypeEssence(mediaType: string): string {
  return mediaType.replace(/;.*$/s, '').trim().toLowerCase()
}
