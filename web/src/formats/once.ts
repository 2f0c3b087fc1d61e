/** Calls a function when its result is needed first, and never again. */
export function once<Result extends object>(create: () => Result): () => Result {
  let result: Result | null = null
  return () => (result ??= create())
}
