const reference = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** A text with its variables filled in, and what became of them. */
export interface Expanded {
  readonly text: string
  /** What came from the environment. */
  readonly used: readonly { readonly name: string; readonly value: string }[]
  /** The names of those that are not set. */
  readonly unset: readonly string[]
}

/**
 * Fills in `${NAME}` and, for when it is not set or empty, `${NAME:-default}`, as other clients of MCP do; some of them
 * write `${env:NAME}`. A variable that is not set and has no default stays as it is written.
 */
export function expand(text: string, env: NodeJS.ProcessEnv): Expanded {
  const used: { name: string; value: string }[] = []
  const unset: string[] = []
  const filled = text.replace(reference, (written: string, name: string, fallback: string | undefined) => {
    const value = env[name] || undefined
    if (value !== undefined) used.push({ name, value })
    else if (fallback === undefined) unset.push(name)
    return value ?? fallback ?? written
  })
  return { text: filled, used, unset }
}
