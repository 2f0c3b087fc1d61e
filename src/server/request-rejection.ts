/** Why a request is rejected before it is handled. */
export interface RequestRejection {
  readonly status: 400 | 401 | 403 | 415 | 429 | 503
  readonly message: string
  /** Headers of the response, besides those of its body. */
  readonly headers?: Readonly<Record<string, string>>
  /** The origin that is not allowed, shortened; null if the reason is another one. */
  readonly refusedOrigin: string | null
}
