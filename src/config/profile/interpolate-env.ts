const variablePattern = /\$\{(?:env:)?((?:input:)?[A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** A text after interpolation, and the variables that it referred to. */
export interface InterpolatedText {
  readonly text: string
  /** Variables that were replaced by their value. */
  readonly resolved: readonly { readonly name: string; readonly value: string }[]
  /** Names of variables that are unset and have no default. */
  readonly unset: readonly string[]
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` by environment variables, as other MCP clients do; some of them write
 * `${env:NAME}`. The default applies if the variable is unset or empty. An unset variable without a default is not
 * replaced, and neither is `${input:name}`, which asks the user in some clients.
 */
export function interpolateEnv(text: string, env: NodeJS.ProcessEnv): InterpolatedText {
  const resolved: { name: string; value: string }[] = []
  const unset: string[] = []
  const interpolated = text.replace(
    variablePattern,
    (placeholder: string, name: string, fallback: string | undefined) => {
      const value = env[name] || undefined
      if (value !== undefined) resolved.push({ name, value })
      else if (fallback === undefined) unset.push(name)
      return value ?? fallback ?? placeholder
    },
  )
  return { text: interpolated, resolved, unset }
}
