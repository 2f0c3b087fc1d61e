/** The connection is lost, or the server is stopping: the same can be tried again. Never reaches users of the library. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
}

/** The error for a connection that has ended. A browser does not say why one that was never open could not be. */
export function createConnectionLostError(url: string, wasOpen: boolean, cause: unknown): ConnectionLostError {
  const message = wasOpen
    ? 'The connection to the server is lost.'
    : `The server at ${url} cannot be reached. Check the url, that the server runs, and that it allows the origin of the page.`
  return new ConnectionLostError(message, { cause })
}
