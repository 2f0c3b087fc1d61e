const maxNamed = 3

/** The first of these names, and how many more there are. */
export function formatSome(names: readonly string[]): string {
  const rest = names.length - maxNamed
  return names.slice(0, maxNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
