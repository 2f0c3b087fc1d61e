/** About how many tokens a text has where no provider told: four UTF-16 code units each, rounded up. */
export function estimateTokens(codeUnits: number): number {
  return Math.ceil(codeUnits / 4)
}

/** About how many tokens a value has as JSON, without the bytes of files: they are not counted by length. */
export function estimateJsonTokens(value: unknown): number {
  // By its name, too: what a tool or a person says may begin like a URL of data.
  const withoutBytes = (key: string, inner: unknown) =>
    (key === 'data' && typeof inner === 'string' && inner.startsWith('data:')) || ArrayBuffer.isView(inner) ? '' : inner
  return estimateTokens(JSON.stringify(value, withoutBytes).length)
}
