const apiKeyPattern = /\b(?:sk|pk|rk|gsk|xai|tgp|nvapi|hf)[-_][\w*.-]{4,}/g
const authorizationPattern = /\b(Bearer|Basic)\s+[\w+/=*.~-]{4,}/gi
const urlCredentialsPattern = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/@]+@/gi
const urlKeyPattern = /([?&](?:api[_-]?key|key|token|access[_-]?token)=)[^&\s"']+/gi
const filePathPattern =
  /(?:file:\/\/|(?<![\w/.]))(?:\/(?:home|Users|root|usr|opt|var|tmp|etc|app|srv|mnt)\/|[A-Za-z]:\\)[^\s"')]+/g
/** A line in a file, as a stack tells it, wherever the file lies. */
const stackFramePattern = /(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+)+\.\w+:\d+(?::\d+)?/g

/** The text without the given secrets, and otherwise as it is. */
export function removeSecrets(text: string, secrets: readonly string[]): string {
  let result = text
  // The longest first: one secret may be the beginning of another.
  for (const secret of secrets.filter(Boolean).toSorted((a, b) => b.length - a.length))
    result = result.replaceAll(secret, '…')
  return result
}

/** The text without the given secrets and without whatever else looks like a key, a credential or a file's path. */
export function redact(text: string, secrets: readonly string[]): string {
  return removeSecrets(text, secrets)
    .replace(apiKeyPattern, '…')
    .replace(authorizationPattern, '$1 …')
    .replace(urlCredentialsPattern, '$1')
    .replace(urlKeyPattern, '$1…')
    .replace(filePathPattern, '…')
    .replace(stackFramePattern, '…')
}
