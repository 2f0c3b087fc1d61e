import type { ModelMessage } from 'ai'
import { AgentError, type ModelHistoryRequest, type SummaryUsageEvent } from '../../agent/agent.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { Logger } from '../../lib/logger.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { CompactionHistory } from '../compaction/compaction-history.ts'
import { createContextCheckpoint } from '../compaction/create-context-checkpoint.ts'
import type { BackgroundCompactions } from '../compaction/background-compactions.ts'
import type { RequestPartSizes } from '../turn/step-context-size.ts'
import type { SessionModelContext } from '../context/session-model-context.ts'
import { toModelMessages } from '../context/to-model-messages.ts'

export interface AnswerContextOptions {
  readonly sessionId: string
  /** The message that is answered. */
  readonly userMessageId: string
  readonly model: ResolvedModel
  /** The session's context before the answer. */
  readonly context: SessionModelContext
  /** The id of the model that the session's messages go to, unless a message names another one. */
  readonly findSessionModelId: () => Promise<string>
  readonly findCheckpoint: () => Promise<ContextCheckpoint | null>
  readonly compactionHistory: CompactionHistory
  readonly backgroundCompactions: BackgroundCompactions
  readonly now: () => number
  readonly log: Logger
}

/** The stream of an answer, as its requests see it. */
export interface AnswerStream {
  /** The answer so far. */
  readonly answer: MessageRecord | null
  /** The messages that have joined it, in the order in which they were accepted. */
  readonly steered: readonly MessageRecord[]
  /** Aborts when the stream has ended. */
  readonly signal: AbortSignal
  /** Receives what the requests for a summary cost: they are steps of the stream. */
  readonly onSummaryEvent: (event: SummaryUsageEvent) => void
  /** Stores a checkpoint unless the stream has ended. */
  readonly storeCheckpoint: (checkpoint: ContextCheckpoint) => Promise<void>
}

/**
 * What the requests of one answer contain: the session's context and the answer so far. If that does not fit the model, the
 * turns before the answer's own are summarised, and the summary is stored as the session's checkpoint if the model is that of
 * the session. If that fails, or is not enough, the request has what fits.
 */
export class AnswerContext {
  readonly #options: AnswerContextOptions
  #hasFailed = false
  #partSizes: RequestPartSizes = { instructions: 0, tools: 0, scale: 1 }

  constructor(options: AnswerContextOptions) {
    this.#options = options
  }

  /** What the newest request has beside its history. */
  get partSizes(): RequestPartSizes {
    return this.#partSizes
  }

  /** The tokens of an answer, and of the messages that have joined it. */
  countAnswer({ answer, steered }: Pick<AnswerStream, 'answer' | 'steered'>): number {
    return this.#options.context.tokenCounter.countMessages(toModelMessages([...steered, ...(answer ? [answer] : [])]))
  }

  /** Rejects with a CONTEXT_LENGTH error if the user's message alone is too long. */
  async load(stream: AnswerStream, request: ModelHistoryRequest = {}): Promise<readonly ModelMessage[]> {
    const messages = await this.#load(stream, request)
    const { context } = this.#options
    this.#partSizes = {
      instructions: context.countInstructions(messages),
      tools: context.getReservedTokens({ reservedTokens: 0, ...request }),
      scale: context.tokenCounter.scale,
    }
    return messages
  }

  async #load(stream: AnswerStream, request: ModelHistoryRequest): Promise<readonly ModelMessage[]> {
    const { context, model } = this.#options
    const built = await context.build(stream, request)
    if (built.isNewestMessageTooLong) {
      // An assumption about the window is no reason to refuse a message: the provider decides.
      const { statedContextWindow } = model
      if (context.getContextWindow(request) >= statedContextWindow || request.contextWindow !== undefined)
        throw createMessageTooLongError()
      return this.#load(stream, { ...request, contextWindow: statedContextWindow })
    }
    if (built.isComplete) return built.messages
    if (await this.#applyBackgroundCheckpoint(stream.signal)) {
      const rebuilt = await context.build(stream, request)
      if (rebuilt.isComplete) return rebuilt.messages
    }
    await this.#compact(stream, request)
    return (await context.build(stream, request)).messages
  }

  /** Waits for a summary that is being written in the background. Resolves to whether there is a newer checkpoint. */
  async #applyBackgroundCheckpoint(signal: AbortSignal): Promise<boolean> {
    const { sessionId, context, backgroundCompactions, findCheckpoint } = this.#options
    if (!(await backgroundCompactions.wait(sessionId, signal))) return false
    const stored = await findCheckpoint()
    const { checkpoint, messages } = await context.loadRecords()
    const isNewer = stored && stored.createdAt > (checkpoint?.createdAt ?? 0)
    if (!isNewer || !messages.some(({ id }) => id === stored.summary.throughMessageId)) return false
    context.applyCheckpoint(stored)
    return true
  }

  async #compact(stream: AnswerStream, request: ModelHistoryRequest): Promise<void> {
    if (this.#hasFailed) return
    try {
      const checkpoint = await this.#createCheckpoint(stream, request)
      if (!checkpoint) return
      this.#options.context.applyCheckpoint(checkpoint)
      if (await this.#isSessionModel()) await stream.storeCheckpoint(checkpoint)
    } catch (error) {
      if (stream.signal.aborted) throw error
      this.#hasFailed = true
      const { log, sessionId } = this.#options
      log.error({ err: error, session: sessionId }, 'A context could not be summarised. The request has what fits.')
    }
  }

  /** Resolves to null if nothing can be summarised, or if that saves nothing. */
  async #createCheckpoint(stream: AnswerStream, request: ModelHistoryRequest): Promise<ContextCheckpoint | null> {
    const { sessionId, userMessageId, model, context, compactionHistory, now } = this.#options
    const records = await context.loadRecords()
    const turnStart = records.messages.findIndex(({ id }) => id === userMessageId)
    const messages = turnStart < 0 ? records.messages : records.messages.slice(0, turnStart)
    const countTokens = (turns: readonly MessageRecord[]) => context.tokenCounter.countMessages(toModelMessages(turns))
    if (compactionHistory.isFutile(sessionId, countTokens(messages))) return null
    const turn = turnStart < 0 ? [] : records.messages.slice(turnStart)
    const turnTokens = countTokens([...turn, ...stream.steered, ...(stream.answer ? [stream.answer] : [])])
    const created = await createContextCheckpoint({
      sessionId,
      context: records,
      messages,
      model,
      contextWindow: context.getContextWindow(request),
      reservedTokens: (await context.loadTokensBesideMessages(request)) + turnTokens,
      isUrgent: true,
      signal: stream.signal,
      onEvent: stream.onSummaryEvent,
      now,
    })
    return created && compactionHistory.add(sessionId, created) ? created.checkpoint : null
  }

  async #isSessionModel(): Promise<boolean> {
    const { model, findSessionModelId } = this.#options
    return (await findSessionModelId()) === model.id
  }
}

function createMessageTooLongError(): AgentError {
  return new AgentError(
    'CONTEXT_LENGTH',
    "This message is longer than the model's context window. Shorten it, attach less, or choose a model with a larger window.",
  )
}
