import type { AgentEvent } from '../../agent/agent.ts'
import type { ContextSize } from '../../model/context/context-size.ts'
import type { MessageRecord } from '../../model/message.ts'
import { addToHistory, toContextSizeAfterStep, toContextSizeOfRequest } from '../turn/step-context-size.ts'
import type { TurnState, TurnTransition } from '../turn/turn.ts'
import type { AnswerContext } from './answer-context.ts'

/** What a turn adds to a context behind the message of its user. */
export interface AnswerMessages {
  readonly answer: MessageRecord | null
  /** The messages that have joined it. */
  readonly steered: readonly MessageRecord[]
}

/** The context as of one moment, and what the answer had of it. Counts are in tokens. */
interface MeasuredContext {
  readonly size: ContextSize
  readonly answerTokens: number
}

/**
 * How much the model is sent next of the session of a running stream: its newest request, as estimated or as the provider
 * has counted it, and what the answer has grown by since. The session is not read for it.
 */
export class StreamContextSize {
  readonly #context: Pick<AnswerContext, 'partSizes' | 'countAnswer'>
  #measured: MeasuredContext | null = null
  #isOutdated = false

  constructor(context: Pick<AnswerContext, 'partSizes' | 'countAnswer'>) {
    this.#context = context
  }

  /** Measures the context when a request begins, with the answer as it is, and when its step ends. */
  applyAgentEvent(
    event: AgentEvent,
    { stream: { step } }: TurnState,
    { turn, events }: TurnTransition,
    steering: { readonly applied: AnswerMessages['steered'] },
  ): void {
    const { answer, stream, lastStepUsage: usage } = turn
    const request = { model: stream.model, ...this.#context.partSizes }
    if (event.type === 'step' && event.purpose !== 'SUMMARY') {
      const { estimatedInputTokens } = event
      this.#measure({ answer, steered: steering.applied }, toContextSizeOfRequest({ ...request, estimatedInputTokens }))
    } else if (usage && events.some(({ type }) => type === 'StepFinished')) {
      const size = toContextSizeAfterStep({ ...request, estimatedInputTokens: step?.inputTokens ?? 0, usage })
      if (size) this.#measure({ answer, steered: steering.applied }, size)
    }
  }

  /** A summary takes the place of messages. `isInUse`: the requests of the stream have it, from the next one on. */
  forget(isInUse: boolean): void {
    this.#measured = null
    if (!isInUse) this.#isOutdated = true
  }

  /** The size with the answer as it is now. Null: it is not known. */
  find(messages: AnswerMessages): ContextSize | null {
    if (!this.#measured) return null
    const { size, answerTokens } = this.#measured
    return addToHistory(size, this.#context.countAnswer(messages) - answerTokens)
  }

  #measure(messages: AnswerMessages, size: ContextSize | null): void {
    // What the stream sends is not what the session would send.
    if (this.#isOutdated) return
    this.#measured = size && { size, answerTokens: this.#context.countAnswer(messages) }
  }
}
