import { rejectOnAbort } from '../../../lib/async/reject-on-abort.ts'
import type { ClockAndIds } from '../../../lib/clock-and-ids.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { SessionWithInitialMessages } from '../../../storage/sessions/session-writer.ts'
import { LogVersionConflictError } from '../../../storage/errors.ts'
import type { EventLogWriter } from '../../log/event-log-writer.ts'
import { repeatAfterConflicts } from '../../log/repeat-after-conflicts.ts'
import { createSessionChangedDraft } from '../../turn/transitions.ts'
import { composeContinuationBatch } from '../compose-session-batches.ts'
import { createUsedElsewhereError } from '../session-errors.ts'

export interface SessionContinuationWriterOptions {
  readonly writer: EventLogWriter
  readonly sessionId: string
  readonly runtime: ClockAndIds
  readonly log: Logger
  /** Throws NOT_FOUND and STALE. */
  readonly assertNotContinued: () => Promise<void>
}

/** The steps of a compaction before its commit. */
export interface CompactionSteps {
  readonly prepare: (signal: AbortSignal) => Promise<unknown>
  /** Runs while nothing else changes the session. */
  readonly compose: CompactionInProgress['compose']
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

  /**
   * Commits the end of the session and the continuation that `compose` resolves to, and returns it. Null, and nothing is written,
   * if it resolves to null, or another process has used the session meanwhile.
   */
  async write(compose: () => Promise<SessionWithInitialMessages | null>): Promise<SessionRecord | null> {
    const { writer, sessionId, runtime } = this.#options
    const composedAtSeq = await writer.loadHeadSeq()
    const continuation = await compose()
    if (!continuation) return null
    try {
      await writer.write(() => ({ ...composeContinuationBatch(continuation, sessionId, runtime.now()), composedAtSeq }))
    } catch (error) {
      if (error instanceof LogVersionConflictError) return null
      throw error
    }
    return continuation.session
  }

  /**
   * Runs a compaction and commits its continuation, with the events that tell of its beginning and its end. If it fails, only
   * these are committed. Rejects with the reason, with SESSION_BUSY if another process has used the session meanwhile.
   */
  async compact({ signal, compose, onEnd }: CompactionInProgress): Promise<SessionRecord> {
    const { writer, sessionId, runtime, log, assertNotContinued } = this.#options
    const createSessionChanged = () => createSessionChangedDraft(sessionId, runtime)
    const begun = await repeatAfterConflicts(async () => {
      await assertNotContinued()
      return writer.write(() => ({ drafts: [createSessionChanged()] }))
    })
    try {
      const continuation = await rejectOnAbort(compose(signal), signal)
      await writer.write(() => {
        signal.throwIfAborted()
        const batch = composeContinuationBatch(continuation, sessionId, runtime.now())
        return { ...batch, composedAtSeq: begun.headSeq, drafts: [createSessionChanged(), ...batch.drafts] }
      }, onEnd)
      return continuation.session
    } catch (error) {
      onEnd()
      await writer
        .write(() => ({ drafts: [createSessionChanged()] }))
        .catch((cause: unknown) => log.error({ err: cause }, 'The end of a compaction could not be saved.'))
      throw error instanceof LogVersionConflictError ? createUsedElsewhereError() : error
    }
  }
}
