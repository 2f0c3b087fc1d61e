import type { Json } from './json.ts'
import { getSecretPattern } from './secret-pattern.ts'

const apiKeyPattern = /\b(?:(?:sk|pk|rk|gsk|xai|tgp|nvapi|hf)[-_][\w*.-]{4,}|AIza[\w-]{16,}|AKIA[A-Z\d]{12,})/g
const authorizationPattern = /\b(Bearer|Basic)\s+[\w+/=*.~-]{4,}/gi
const urlCredentialsPattern = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/@]+@/gi
const urlKeyPattern = /([?&](?:api[_-]?key|key|token|access[_-]?token)=)[^&\s"']+/gi
const filePathPattern =
  /(?:file:\/\/|(?<![\w/.]))(?:\/(?:home|Users|root|usr|opt|var|tmp|etc|app|srv|mnt)\/|[A-Za-z]:\\)[^\s"')]+/g
/** A file and line as in a stack trace, in any folder. */
const stackFramePattern = /(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+)+\.\w+:\d+(?::\d+)?/g

/**
 * Replaces each of the given secrets with `…`, also in the forms in which servers repeat what they were sent: URL-encoded, in
 * JSON, in base64, in other case, and cut off at either end. See `createSecretPattern`.
 */
export function removeSecrets(text: string, secrets: readonly string[]): string {
  let result = text
  // Longest first, because one secret may be the start of another.
  for (const secret of secrets.filter(Boolean).toSorted((a, b) => b.length - a.length))
    result = result.replace(getSecretPattern(secret), '…')
  return result
}

/** Like `removeSecrets`, in all texts of a value, such as the result of a tool. Names of members stay as they are. */
export function removeSecretsFromJson(value: Json, secrets: readonly string[]): Json {
  if (typeof value === 'string') return removeSecrets(value, secrets)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => removeSecretsFromJson(item, secrets))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, removeSecretsFromJson(item, secrets)]))
}

/** Replaces the given secrets, and anything that looks like an API key, a credential or a file path, with `…`. */
export function redact(text: string, secrets: readonly string[]): string {
  return removeSecrets(text, secrets)
    .replace(apiKeyPattern, '…')
    .replace(authorizationPattern, '$1 …')
    .replace(urlCredentialsPattern, '$1')
    .replace(urlKeyPattern, '$1…')
    .replace(filePathPattern, '…')
    .replace(stackFramePattern, '…')
}
