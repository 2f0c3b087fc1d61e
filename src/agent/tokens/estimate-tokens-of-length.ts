/**
 * Estimates the number of tokens of a text whose length alone is known: four UTF-16 code units each. For usage that no
 * provider reports; what fits a context window is counted by a `TokenCounter`.
 */
export function estimateTokensOfLength(codeUnits: number): number {
  return Math.ceil(codeUnits / 4)
}
