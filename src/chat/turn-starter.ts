import type { ResolvedModel } from '../agent/models/resolved-model.ts'
import type { ClockAndIds } from '../lib/clock-and-ids.ts'
import type { Telemetry } from '../lib/telemetry/telemetry.ts'
import type { TaskGate } from '../lib/async/task-gate.ts'
import { withTimeout } from '../lib/async/with-timeout.ts'
import type { MessagePart } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { Budget } from '../model/usage.ts'
import type { IdempotencyKey } from '../storage/idempotency-key.ts'
import type { SessionWithInitialMessages } from '../storage/sessions/session-writer.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import type { SessionActors } from './runtime/session-actors.ts'
import { CompactingError } from './runtime/session-errors.ts'
import type { WritableSessions } from './runtime/writable-sessions.ts'
import type { IfBusy } from './turn/if-busy.ts'
import { type AcceptedStream, buildNewTurnRecords } from './turn/new-turn.ts'

export interface TurnStarterOptions {
  readonly gate: TaskGate
  readonly runtime: ClockAndIds
  readonly telemetry: Telemetry
  readonly activeSessions: ActiveSessions
  readonly actors: SessionActors
  readonly writableSessions: WritableSessions
  /** Throws RATE_LIMITED if no more streams may run or be queued. */
  readonly assertStreamCapacity: () => void
  /** How long a start may wait for its commit, in milliseconds. */
  readonly commitTimeoutMs: number
}

/** What a turn starts with. */
export interface StartTurnRequest {
  /** The session, or one to create together with the turn. */
  readonly session: SessionRecord | SessionWithInitialMessages
  /** The user's message. */
  readonly parts: readonly MessagePart[]
  readonly model: ResolvedModel
  /** The effort that it is asked for; null for its own default. */
  readonly effort: string | null
  /** The key of the call, which is stored with the turn. */
  readonly idempotencyKey: IdempotencyKey | null
  readonly ifBusy: IfBusy
  /** What the answer may use, beside the budgets of the profile. Default: no limit. */
  readonly budget?: Budget | null
  /** The turn that is tried again, see `MessageRecord`. Default: a new one. */
  readonly turnId?: string
}

/** Starts turns: within a time limit, and after a compaction of the session. */
export class TurnStarter {
  readonly #options: TurnStarterOptions

  constructor(options: TurnStarterOptions) {
    this.#options = options
  }

  /**
   * Starts the turn that `prepare` returns. Throws SESSION_BUSY, STALE, RATE_LIMITED, SHUTTING_DOWN, INTERNAL, and what
   * `prepare` throws.
   */
  async start(prepare: () => Promise<StartTurnRequest>): Promise<AcceptedStream> {
    const { gate, activeSessions, commitTimeoutMs } = this.#options
    gate.assertOpen()
    const turn = await prepare()
    for (;;) {
      if (!('session' in turn.session)) await activeSessions.find(turn.session.id)?.waitForCompaction(turn.ifBusy)
      try {
        const timeoutMessage = 'The message could not be saved in time. Try again later.'
        return await withTimeout(commitTimeoutMs, timeoutMessage, (signal) =>
          gate.run(() => this.#startTurn(turn, signal)),
        )
      } catch (error) {
        // A compaction has started meanwhile. Waiting for it is not limited by the timeout, because a summary takes long.
        if (!(error instanceof CompactingError)) throw error
      }
    }
  }

  async #startTurn(
    { session: target, ifBusy, ...turn }: StartTurnRequest,
    signal: AbortSignal,
  ): Promise<AcceptedStream> {
    const { writableSessions, activeSessions, actors, runtime, telemetry, assertStreamCapacity } = this.#options
    // Read again: the session may have changed while its model was resolved.
    const session = 'session' in target ? target : await writableSessions.getOpen(target.id)
    assertStreamCapacity()
    const newTurn = buildNewTurnRecords({ ...turn, session, runtime })
    telemetry.bindStream(newTurn.stream.id)
    const actor = actors.getOrCreate('session' in session ? session.session : session)
    // Registered before its first event is visible, so that every reader of that event can cancel it.
    activeSessions.registerStream(newTurn.stream.id, actor)
    try {
      return await actor.start(newTurn, ifBusy, signal)
    } finally {
      // It may have failed, joined another stream, or be at its end already.
      if (!actor.findStream(newTurn.stream.id)) activeSessions.unregisterStream(newTurn.stream.id)
    }
  }
}
