const keyLike = /\b(?:sk|pk|rk|gsk|xai|tgp|nvapi|hf)[-_][\w*.-]{4,}/g
const bearer = /\b(Bearer|Basic)\s+[\w+/=*.~-]{4,}/gi
const urlCredentials = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/@]+@/gi
const urlKeys = /([?&](?:api[_-]?key|key|token|access[_-]?token)=)[^&\s"']+/gi
const filePaths =
  /(?:file:\/\/|(?<![\w/.]))(?:\/(?:home|Users|root|usr|opt|var|tmp|etc|app|srv|mnt)\/|[A-Za-z]:\\)[^\s"')]+/g
/** A line in a file, as a stack tells it, wherever the file lies. */
const places = /(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+)+\.\w+:\d+(?::\d+)?/g

/** The text without the given secrets, and otherwise as it is. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let safe = text
  // The longest first: one secret may be the beginning of another.
  for (const secret of secrets.filter(Boolean).toSorted((a, b) => b.length - a.length))
    safe = safe.replaceAll(secret, '…')
  return safe
}

/** The text without the given secrets and without whatever else looks like a key, a credential or a file's path. */
export function redact(text: string, secrets: readonly string[]): string {
  return withoutSecrets(text, secrets)
    .replace(keyLike, '…')
    .replace(bearer, '$1 …')
    .replace(urlCredentials, '$1')
    .replace(urlKeys, '$1…')
    .replace(filePaths, '…')
    .replace(places, '…')
}
