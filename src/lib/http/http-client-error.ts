/** Why no connection was made. */
export type HttpConnectFailure =
  /** The proxy of an environment variable is no HTTP proxy. */
  | { readonly kind: 'invalid-proxy'; readonly variable: string }
  /** The proxy rejects the request or its credentials. */
  | {
      readonly kind: 'proxy-refused'
      readonly proxy: string
      readonly variable: string
      readonly status: number | null
    }
  | { readonly kind: 'proxy-unreachable'; readonly proxy: string; readonly variable: string; readonly code: string }
  | { readonly kind: 'untrusted-certificate'; readonly host: string; readonly code: string }
  | { readonly kind: 'unreachable'; readonly code: string }

/** A request was not sent, because there is no connection to the server. It had no effect. */
export class HttpConnectError extends Error {
  override readonly name = 'HttpConnectError'
  readonly failure: HttpConnectFailure
  /** The system's error code, such as ECONNREFUSED. */
  readonly code: string

  constructor(failure: HttpConnectFailure) {
    super(formatHttpConnectFailure(failure))
    this.failure = failure
    this.code = 'code' in failure ? failure.code : 'ERR_PROXY'
  }
}

/** Nothing was sent or received for too long after the connection was made. */
export class HttpIdleError extends Error {
  override readonly name = 'HttpIdleError'
  readonly idleTimeoutMs: number

  constructor(idleTimeoutMs: number) {
    super('The connection was idle for too long.')
    this.idleTimeoutMs = idleTimeoutMs
  }
}

/** Says what is wrong, without secrets. */
function formatHttpConnectFailure(failure: HttpConnectFailure): string {
  switch (failure.kind) {
    case 'invalid-proxy':
      return `The environment variable ${failure.variable} is not the URL of an HTTP proxy. Correct it or unset it.`
    case 'proxy-refused':
      return failure.status === 407
        ? `The proxy ${failure.proxy} rejected its credentials (HTTP 407). Check the user and the password in ${failure.variable}.`
        : `The proxy ${failure.proxy} did not make the connection${failure.status === null ? '' : ` (HTTP ${failure.status})`}. Check ${failure.variable} and NO_PROXY.`
    case 'proxy-unreachable':
      return `The proxy ${failure.proxy} could not be reached (${failure.code}). Check ${failure.variable} and NO_PROXY.`
    case 'untrusted-certificate':
      return `The certificate of ${failure.host} is not trusted (${failure.code}). If a company or a proxy has issued it, set NODE_EXTRA_CA_CERTS to the file of its authority.`
    case 'unreachable':
      return `The server could not be reached (${failure.code}).`
  }
}
