export const imageMediaTypes: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const textMediaTypePattern =
  /^(text\/[\w.+-]+|application\/(json|xml|yaml|toml|javascript|typescript|sql|[\w.+-]+\+(json|xml)))$/

/** Whether a model is sent the content of such a file as text. */
export function isTextMediaType(mediaType: string): boolean {
  return textMediaTypePattern.test(toMediaTypeEssence(mediaType))
}

/** A media type without parameters, in lowercase. The charset is ignored: the bytes tell it. */
export function toMediaTypeEssence(mediaType: string): string {
  return mediaType.replace(/;.*$/s, '').trim().toLowerCase()
}
