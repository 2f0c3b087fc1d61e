import type { StoreFile } from '../../agent/produced-file.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Budget } from '../../model/usage.ts'
import type { UsageBudgets } from '../../usage/usage-budgets.ts'
import type { AppendBatch, EventLogWriter } from '../log/event-log-writer.ts'
import type { QueuedTurn } from '../turn/new-turn.ts'
import type { TurnState } from '../turn/turn.ts'
import type { AnswerContext } from './answer-context.ts'
import type { CommittedStreamState } from './stream-committer.ts'
import type { StreamObserver } from './stream-observer.ts'
import type { SessionApprovalRules } from './session-approval-rules.ts'

/** What a stream needs to run. */
export interface StreamRunnerOptions {
  readonly writer: EventLogWriter
  readonly runtime: ClockAndIds
  /** The turn as of its committed events. */
  readonly turn: TurnState
  /** What the model is sent. */
  readonly context: AnswerContext
  /** Stores a file of the answer. */
  readonly storeFile: StoreFile
  readonly approvalRules: SessionApprovalRules
  readonly budgets: UsageBudgets
  /** What the stream may use beside the budgets of its profile. Null: no limit. */
  readonly budget: Budget | null
  readonly observer: StreamObserver
  readonly log: Logger
  /** Puts messages that could not join the answer before the queue, with what is committed at its end. */
  readonly queueSteered: (turns: readonly QueuedTurn[], endBatch: AppendBatch, headSeq: number) => AppendBatch
  /** Called for each event that the agent yields after the stream has ended. */
  readonly onLateEvent: () => void
}

/** What an attempt to end a stream has done. */
export interface StreamFinishResult {
  readonly committed: CommittedStreamState
  /** Whether this call ended the stream, together with the batch that it composed. False if it was already ending. */
  readonly included: boolean
}
