import type { SharedHermesSession, SharedHermesSessionPage } from '../../storage/installation/hermes-index.ts'
import type { CallHermesWorker } from '../hermes-job-source.ts'

/** The sessions of a Hermes agent as its worker reads them, for those who store them elsewhere. */
export class SharedHermesSessionSource {
  readonly #call: CallHermesWorker

  constructor(call: CallHermesWorker) {
    this.#call = call
  }

  /** The sessions whose ids come after an id, in order. Null if they cannot be read now. */
  list(afterId: string, limit: number): Promise<SharedHermesSessionPage | null> {
    return this.#call<SharedHermesSessionPage | null>(null, (reader) => reader.listSharedSessions(afterId, limit))
  }

  /** Those of these sessions that exist, in no order. Null if they cannot be read now. */
  find(ids: readonly string[]): Promise<SharedHermesSession[] | null> {
    return this.#call<SharedHermesSession[] | null>(null, (reader) => reader.findSharedSessions(ids))
  }
}
