/** Estimates the number of tokens of a text, where the provider does not report it: four UTF-16 code units each. */
export function estimateTokens(codeUnits: number): number {
  return Math.ceil(codeUnits / 4)
}

/** Estimates the number of tokens of a value as JSON, without file contents: their tokens do not depend on length. */
export function estimateJsonTokens(value: unknown): number {
  // The key is checked as well, because other text may begin with `data:`.
  const withoutBytes = (key: string, inner: unknown) =>
    (key === 'data' && typeof inner === 'string' && inner.startsWith('data:')) || ArrayBuffer.isView(inner) ? '' : inner
  return estimateTokens(JSON.stringify(value, withoutBytes).length)
}
