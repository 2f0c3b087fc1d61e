/** Whether something was given up, because its signal was aborted or the client was closed: no failure. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
