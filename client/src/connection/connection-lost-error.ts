/** The connection is lost, or the server is stopping: the same can be tried again. Never reaches users of the library. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
}
