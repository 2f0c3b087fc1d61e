import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { Logger } from '../../lib/logger.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { SessionWithInitialMessages } from '../../storage/sessions/session-writer.ts'
import type { EventLogWriter } from '../log/event-log-writer.ts'
import { createSessionChangedDraft } from '../turn/transitions.ts'
import { composeContinuationBatch } from './compose-session-batches.ts'

export interface SessionContinuationWriterOptions {
  readonly writer: EventLogWriter
  readonly sessionId: string
  readonly runtime: ClockAndIds
  readonly log: Logger
}

/** A compaction in progress. */
export interface CompactionInProgress {
  readonly signal: AbortSignal
  /** Composes the session that continues the compacted one. */
  readonly compose: (signal: AbortSignal) => Promise<SessionWithInitialMessages>
  /** Called before the event that tells of the end is visible. */
  readonly onEnd: () => void
}

/** Ends a session and creates the one that continues it, in one transaction. */
export class SessionContinuationWriter {
  readonly #options: SessionContinuationWriterOptions

  constructor(options: SessionContinuationWriterOptions) {
    this.#options = options
  }

  /** Commits the end of the session and the continuation, which it returns. */
  async write(continuation: SessionWithInitialMessages): Promise<SessionRecord> {
    const { writer, sessionId, runtime } = this.#options
    await writer.write(() => composeContinuationBatch(continuation, sessionId, runtime.now()))
    return continuation.session
  }

  /**
   * Runs a compaction and commits its continuation, with the events that tell of its beginning and its end. If it fails, only
   * these are committed. Rejects with the reason.
   */
  async compact({ signal, compose, onEnd }: CompactionInProgress): Promise<SessionRecord> {
    const { writer, sessionId, runtime, log } = this.#options
    const createSessionChanged = () => createSessionChangedDraft(sessionId, runtime)
    await writer.write(() => ({ drafts: [createSessionChanged()] }))
    try {
      const continuation = await rejectOnAbort(compose(signal), signal)
      await writer.write(() => {
        signal.throwIfAborted()
        const batch = composeContinuationBatch(continuation, sessionId, runtime.now())
        return { ...batch, drafts: [createSessionChanged(), ...batch.drafts] }
      }, onEnd)
      return continuation.session
    } catch (error) {
      onEnd()
      await writer
        .write(() => ({ drafts: [createSessionChanged()] }))
        .catch((cause: unknown) => log.error({ err: cause }, 'The end of a compaction could not be saved.'))
      throw error
    }
  }
}
