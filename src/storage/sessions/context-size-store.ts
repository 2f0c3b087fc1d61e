import type { ContextSize } from '../../model/context/context-size.ts'

/** Keeps what a model would be sent next of a session, once it was counted. */
export interface ContextSizeStore {
  /** Keeps the size of a context that was read when `headSeq` was the session's newest event. Does nothing if it is not any more. */
  storeContextSize(sessionId: string, headSeq: number, size: ContextSize): Promise<void>
}
