/** The size of what the model would be sent next in a session, in tokens. */
export interface SessionContext {
  readonly tokens: number
  /** Of the model. Null if it is not known, as is `compactsAt` then. */
  readonly window: number | null
  /** The size from which on the session is compacted. */
  readonly compactsAt: number | null
  readonly estimated: boolean
  /** Parts of `tokens`. */
  readonly instructions: number
  readonly tools: number
  readonly history: number
}
