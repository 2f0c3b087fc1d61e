/** What a request has beside its messages, in tokens. */
export const reservedTokens = 50

/** The id of a model that names its context window. */
export function newModelId(number: number, contextWindow: number): string {
  return `test/${number}/${contextWindow}`
}

/** The context window of a model of `newModelId`, in tokens. */
export function readContextWindow(modelId: string | null): number {
  return Number(modelId?.split('/')[2] ?? Number.POSITIVE_INFINITY)
}
