/** Whether a media type is that of an image. Where the format is not known, the type may be `image/*` or `image`. */
export function isImageMediaType(mediaType: string): boolean {
  return /^image(\/|$)/i.test(mediaType.trim())
}
