const variablePattern = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** A text with its variables filled in, and what became of them. */
export interface Interpolated {
  readonly text: string
  /** What came from the environment. */
  readonly resolved: readonly { readonly name: string; readonly value: string }[]
  /** The names of those that are not set. */
  readonly unset: readonly string[]
}

/**
 * Fills in `${NAME}` and, for when it is not set or empty, `${NAME:-default}`, as other clients of MCP do; some of them
 * write `${env:NAME}`. A variable that is not set and has no default stays as it is written.
 */
export function interpolateEnv(text: string, env: NodeJS.ProcessEnv): Interpolated {
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
