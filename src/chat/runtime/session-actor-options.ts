import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Telemetry } from '../../lib/telemetry/telemetry.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { Usage } from '../../model/usage.ts'
import type { EventStore } from '../../storage/event-store.ts'
import type { UsageBudgets } from '../../usage/usage-budgets.ts'
import type { ModelPrices } from '../../usage/model-prices.ts'
import type { EventLog } from '../log/event-log.ts'
import type { AnswerContext } from '../streaming/answer-context.ts'
import type { StreamRunnerOptions } from '../streaming/stream-runner-options.ts'
import type { QueuedStreamsOptions } from './queue/queued-streams.ts'

/** What the actor of a session needs. */
export interface SessionActorOptions {
  readonly eventLog: EventLog
  readonly store: QueuedStreamsOptions['store'] & Pick<EventStore, 'listOwnStreamIds'>
  readonly runtime: ClockAndIds
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly sessionId: string
  /** Whether another session continues this one, so that it takes no more messages. */
  readonly loadIsContinued: () => Promise<boolean>
  readonly resolveModel: (id: string) => Promise<ResolvedModel>
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  /** Reads the messages before a turn. */
  readonly createAnswerContext: (stream: StreamRecord, model: ResolvedModel) => AnswerContext
  readonly prices: ModelPrices
  readonly budgets: UsageBudgets
  readonly storeFile: StreamRunnerOptions['storeFile']
  readonly approvalRules: StreamRunnerOptions['approvalRules']
  /** The error for messages to a session that is continued by another one. */
  readonly createStaleError: () => Promise<SegueError>
  readonly onLateEvent: () => void
  /** Called when a message that could not join an answer is queued, with the stream of its own, before readers are notified. */
  readonly onStreamQueued: (stream: StreamRecord) => void
  readonly onStreamEnded: (stream: StreamRecord) => void
  /** Called instead when another process has ended the stream, or taken it over. */
  readonly onStreamLost: (streamId: string) => void
  /** Called when the stream of a turn has ended, in whatever way, with the usage of its newest step. Null: it had none. */
  readonly onTurnEnded: (stream: StreamRecord, lastStepUsage: Usage | null) => void
  /** Called when no stream runs or is queued, and no task is left. */
  readonly onIdle: () => void
}
