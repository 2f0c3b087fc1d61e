import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { chunkEventText } from '../../lib/text/unicode.ts'
import type { EventDraft } from '../../model/chat-event.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import { foldMessage, foldPendingDecisions } from '../../model/fold/fold-message.ts'
import type { MessagePart, MessageRecord, OpaqueProviderState, ToolCall } from '../../model/message.ts'
import { hasToolCallEnded } from '../../model/tool-call.ts'
import { type FinishReason, replaceStreamRetryTime, type StreamRecord } from '../../model/stream.ts'
import { addUsage, fillMissingUsage, noUsage, type ReportedUsage } from '../../model/usage.ts'
import { getCurrentStep, getDeltaOrigin } from './part-origin.ts'
import { addRequestCost } from '../../usage/model-prices.ts'
import { createEventBase, type StreamEventBase } from './stream-event-base.ts'
import { createStep, estimateStepUsage } from './step-usage.ts'
import { type StreamEnding, toFinishedStream } from './stream-ending.ts'
import type { TurnTransition, TurnState } from './turn.ts'

const replacementCharacter = '\ufffd'

/** One transition in progress. It collects events, and folds each into the turn as it is emitted. */
export class TurnTransitionBuilder {
  readonly runtime: ClockAndIds
  #turn: TurnState
  readonly #events: EventDraft[] = []
  readonly #toolCallStates = new Map<number, OpaqueProviderState>()

  constructor(turn: TurnState, runtime: ClockAndIds) {
    this.#turn = turn
    this.runtime = runtime
  }

  /** The turn as of the last event. */
  get turn(): TurnState {
    return this.#turn
  }

  toTransition(): TurnTransition {
    return { turn: this.#turn, events: this.#events }
  }

  /** A request for the answer begins. `replacesRefused`: in place of the last one, as the same step. */
  startStep(inputTokens: number, { replacesRefused }: { readonly replacesRefused: boolean }): void {
    this.#startUsage(inputTokens, replacesRefused)
    const { currentStep } = this.#turn
    this.#update({
      partIndexByCallId: new Map(),
      currentStep: replacesRefused ? (currentStep ?? 0) : (currentStep ?? -1) + 1,
      partsBeforeStep: this.nextPartIndex,
      finishReason: null,
    })
  }

  /** A request for a summary begins. It costs something, but is no step of the answer. */
  startSummary(inputTokens: number, { replacesRefused }: { readonly replacesRefused: boolean }): void {
    this.#startUsage(inputTokens, replacesRefused)
    this.#update({ finishReason: null })
  }

  setFinishReason(finishReason: FinishReason): void {
    this.#update({ finishReason })
  }

  /** Ends the request in progress. What the provider did not report of its usage is estimated, and its cost is added. */
  endStep(reported: ReportedUsage): void {
    const { stream, answer, currentStep: step, finishReason, pricing } = this.#turn
    const filled = fillMissingUsage(reported, stream.step ? estimateStepUsage(stream.step, answer) : noUsage)
    const usage = addRequestCost(filled, reported.reportedCost, pricing)
    this.#update({ stream: { ...stream, usage: addUsage(stream.usage, usage), step: null }, lastStepUsage: usage })
    // Without a reason it was cut off, or was one for a summary.
    if (step === null || finishReason === null || !stream.step) return
    this.closeBlock()
    this.#emit({ ...this.#createEventBase(), type: 'StepFinished', step, finishReason, usage })
  }

  /**
   * Adds text to the open block. Another type or name than that of the open block starts a new part. State of the provider
   * is added even without text, but starts no part.
   */
  writeText(type: 'text' | 'reasoning', name: string, text: string, providerState?: OpaqueProviderState): void {
    if (this.#turn.openBlock?.name !== name || this.#turn.openBlock.type !== type) {
      this.closeBlock()
      if (text === '') return
      this.#update({ openBlock: { type, name, partIndex: this.nextPartIndex } })
    }
    const { openBlock } = this.#turn
    if (!openBlock) return
    const { partIndex } = openBlock
    this.#emitTextDeltas(type, partIndex, this.#bufferSurrogate(partIndex, text), providerState)
  }

  /** Adds a file as a part of its own. */
  addFile({ mediaType, name, url }: Omit<Extract<MessagePart, { readonly type: 'file' }>, 'type'>): void {
    this.closeBlock()
    const file = { mediaType: mediaType.toWellFormed(), name: name?.toWellFormed() ?? null, url: url.toWellFormed() }
    const base = { ...this.createPartEventBase(this.nextPartIndex), ...getCurrentStep(this.#turn) }
    this.#emit({ ...base, type: 'FilePartAdded', ...file })
  }

  /** Makes all text of the step so far reasoning. An empty delta changes the type of a part. */
  turnStepTextIntoReasoning(): void {
    const { answer, partsBeforeStep } = this.#turn
    for (const [partIndex, part] of (answer?.parts ?? []).entries()) {
      if (partIndex >= partsBeforeStep && part.type === 'text')
        this.#emitTextDelta('reasoning', partIndex, { offset: part.text.length, text: '' })
    }
  }

  /** Ends the open block. Its part is complete. */
  closeBlock(): void {
    const { openBlock } = this.#turn
    if (!openBlock) return
    this.flushSurrogate(openBlock.partIndex)
    this.#update({ openBlock: null })
    this.finishPart(openBlock.partIndex)
  }

  /** Tells that a part is complete. Does nothing if it has been told, or if nothing is recorded of when the part began. */
  finishPart(partIndex: number, at = this.runtime.now()): void {
    const part = this.#turn.answer?.parts[partIndex]
    if (part?.startedAt === undefined || part.endedAt !== undefined) return
    this.#emit({ ...this.createPartEventBase(partIndex), type: 'PartFinished', at })
  }

  /** Adds text to the arguments of a call. */
  writeArguments(partIndex: number, call: ToolCall, text: string): void {
    this.#emitArgumentDeltas(partIndex, call, this.#bufferSurrogate(partIndex, text))
  }

  /** Adds the rest of a call's arguments. The rest includes a surrogate that is held back. */
  completeArguments(partIndex: number, call: ToolCall, rest: string): void {
    this.discardSurrogate(partIndex)
    this.#emitArgumentDeltas(partIndex, call, rest)
  }

  /** Ends the text of a part. A surrogate that is held back becomes U+FFFD. */
  flushSurrogate(partIndex: number): void {
    if (!this.#turn.pendingSurrogates.has(partIndex)) return
    this.discardSurrogate(partIndex)
    const part = this.#turn.answer?.parts[partIndex]
    if (part?.type === 'tool') this.#emitArgumentDeltas(partIndex, part.call, replacementCharacter)
    else this.#emitTextDeltas(this.#turn.openBlock?.type ?? 'text', partIndex, replacementCharacter)
  }

  discardSurrogate(partIndex: number): void {
    this.#update({ pendingSurrogates: this.#turn.pendingSurrogates.discard(partIndex) })
  }

  /** The index of the next new part. */
  get nextPartIndex(): number {
    return this.#turn.answer?.parts.length ?? 0
  }

  /** Remembers the part of a call for the rest of the step. */
  assignPart(callId: string, partIndex: number): void {
    this.#update({ partIndexByCallId: new Map([...this.#turn.partIndexByCallId, [callId, partIndex]]) })
  }

  /** The decisions that a call waits for. */
  listPendingDecisions(partIndex: number): DecisionRecord[] {
    return [...this.#turn.pendingDecisions.values()].filter((decision) => decision.partIndex === partIndex)
  }

  /** Adds state of the provider to the next event of a call. */
  attachToolCallState(partIndex: number, providerState: OpaqueProviderState | undefined): void {
    if (providerState) this.#toolCallStates.set(partIndex, providerState)
  }

  emitToolCall(partIndex: number, toolCall: ToolCall): void {
    const providerState = this.#toolCallStates.get(partIndex)
    this.#toolCallStates.delete(partIndex)
    const base = this.createPartEventBase(partIndex)
    this.#emit({ ...base, type: 'ToolCallChanged', toolCall, ...(providerState && { providerState }) })
    if (hasToolCallEnded(toolCall)) this.finishPart(partIndex, base.at)
  }

  emitDecision(decision: DecisionRecord): void {
    const base = this.#createEventBase()
    if (decision.kind === 'approval') this.#emit({ ...base, type: 'ApprovalChanged', decision })
    else this.#emit({ ...base, type: 'ClarificationChanged', decision })
  }

  /** Replaces a message that joins the stream, or adds it, and tells of its state. */
  emitSteering(message: MessageRecord): void {
    const { steered } = this.#turn
    const index = steered.findIndex(({ id }) => id === message.id)
    this.#update({ steered: index < 0 ? [...steered, message] : steered.with(index, message) })
    const { state = 'PENDING' } = message.steering ?? {}
    const event = { type: 'MessageSteered', userMessageId: message.id, steeringState: state } as const
    this.#emit({ ...this.#createEventBase(), ...event })
  }

  /** Makes the stream WAITING while a decision is pending, and RUNNING otherwise. */
  updateStatus(): void {
    const status = this.#turn.pendingDecisions.size > 0 ? 'WAITING' : 'RUNNING'
    if (this.#turn.stream.status === status) return
    this.#changeStream({ ...this.#turn.stream, status })
  }

  /** Sets when the provider is asked again. Null: the stream does not wait for that any more. */
  setRetryTime(retryAt: number | null): void {
    const { stream } = this.#turn
    if ((stream.retryAt ?? null) !== retryAt) this.#changeStream(replaceStreamRetryTime(stream, retryAt))
  }

  finish(ending: StreamEnding): void {
    this.#estimateStep()
    const messageId = this.#turn.answer?.id ?? null
    const finishReason = ending.status === 'COMPLETED' ? { finishReason: this.#turn.finishReason ?? 'STOP' } : {}
    const stream = toFinishedStream({ ...this.#turn.stream, messageId, ...finishReason }, ending, this.runtime)
    this.#update({ stream })
    this.#emit({ ...this.#createEventBase(), type: 'StreamFinished', stream, messageId })
  }

  /** The fields that all events of a part have. The first one gives the answer its id. */
  createPartEventBase(partIndex: number): StreamEventBase & { messageId: string; partIndex: number } {
    const messageId = this.#turn.stream.messageId ?? this.runtime.newId('message')
    if (this.#turn.stream.messageId === null) this.#update({ stream: { ...this.#turn.stream, messageId } })
    return { ...this.#createEventBase(), messageId, partIndex }
  }

  #createDeltaEventBase(partIndex: number) {
    const base = this.createPartEventBase(partIndex)
    return { ...base, ...getDeltaOrigin(this.#turn, partIndex, base.at) }
  }

  #changeStream(stream: StreamRecord): void {
    this.#update({ stream })
    this.#emit({ ...this.#createEventBase(), type: 'StreamChanged', stream })
  }

  #createEventBase(): StreamEventBase {
    return createEventBase(this.#turn.stream, this.runtime)
  }

  #startUsage(inputTokens: number, replacesRefused: boolean): void {
    if (!replacesRefused) this.#estimateStep()
    const { stream, answer } = this.#turn
    this.#update({ stream: { ...stream, step: createStep(answer, inputTokens) } })
  }

  /** Ends a step of which the provider sent no usage. */
  #estimateStep(): void {
    const { step } = this.#turn.stream
    if (step) this.endStep(estimateStepUsage(step, this.#turn.answer))
  }

  /** Returns the text of a part that can be stored now, and holds back a high surrogate at its end. */
  #bufferSurrogate(partIndex: number, addedText: string): string {
    const { text, buffer } = this.#turn.pendingSurrogates.append(partIndex, addedText)
    this.#update({ pendingSurrogates: buffer })
    return text
  }

  #emitTextDeltas(
    type: 'text' | 'reasoning',
    partIndex: number,
    addedText: string,
    providerState?: OpaqueProviderState,
  ): void {
    // A delta without text adds state.
    const texts = addedText === '' && providerState ? [''] : chunkEventText(addedText)
    for (const text of texts) {
      const part = this.#turn.answer?.parts[partIndex]
      const offset = part?.type === type ? part.text.length : 0
      this.#emitTextDelta(type, partIndex, { offset, text, ...(providerState && { providerState }) })
    }
  }

  #emitTextDelta(type: 'text' | 'reasoning', partIndex: number, delta: { offset: number; text: string }): void {
    const event = { ...this.#createDeltaEventBase(partIndex), ...delta }
    this.#emit(type === 'text' ? { ...event, type: 'TextDelta' } : { ...event, type: 'ReasoningDelta' })
  }

  #emitArgumentDeltas(partIndex: number, { id, name, argumentsText: existingText }: ToolCall, addedText: string): void {
    // The first delta may be empty: it tells which tool is called.
    const isEmptyFirst = this.#turn.answer?.parts[partIndex] === undefined && addedText === ''
    let offset = existingText.length
    for (const argumentsText of isEmptyFirst ? [''] : chunkEventText(addedText)) {
      const event = { ...this.#createDeltaEventBase(partIndex), toolCallId: id, toolName: name, offset, argumentsText }
      this.#emit({ ...event, type: 'ToolCallDelta' })
      offset += argumentsText.length
    }
  }

  #emit(event: EventDraft): void {
    this.#events.push(event)
    const { answerBase, answer, pendingDecisions } = this.#turn
    this.#update({
      answer: foldMessage(answerBase, answer, event),
      pendingDecisions: foldPendingDecisions(pendingDecisions, event),
    })
  }

  #update(change: Partial<TurnState>): void {
    this.#turn = { ...this.#turn, ...change }
  }
}
