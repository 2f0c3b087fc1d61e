import type { Viewer } from '../../model/viewer.ts'

/** Who has sent a request, or opened a connection. */
export interface Caller {
  readonly viewer: Viewer
  /**
   * Tells the credentials of one caller from those of another: the SHA-256 of a token, or of the user that an issuer
   * names. Null if the server has no tokens.
   */
  readonly credentialId: string | null
  /** Aborted when the credentials are no longer valid: sockets and event streams end then. */
  readonly revoked: AbortSignal
}
