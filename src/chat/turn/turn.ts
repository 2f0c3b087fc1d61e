import type { AgentEvent, ToolGate } from '../../agent/agent.ts'
import { estimateTokens } from '../../agent/estimate-tokens.ts'
import type { ApprovalDecision, DecisionRecord } from '../../model/decision.ts'
import type { MessageRecord, ToolCall, ToolCallState } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { type Usage, addUsage, noUsage } from '../../model/usage.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { type AnswerBase, foldMessage, foldPendingDecisions } from '../../model/fold-message.ts'
import { toAnswerPosition } from '../../model/message-position.ts'
import type { EventDraft } from '../../model/chat-event.ts'
import {
  type StreamEnding,
  type DecisionResolution,
  deriveResolvedOutcome,
  deriveOpenCallOutcome,
  deriveUnansweredOutcome,
} from './tool-call-outcome.ts'
import { chunkText, splitTrailingSurrogate } from '../../lib/unicode.ts'
import { isFinal, createToolCall, acceptsArguments } from '../../model/tool-call.ts'
import { toWellFormedJson } from '../../lib/json.ts'

/**
 * The life of a stream as one pure machine: (turn, command) → (turn, events). Storage, agents and transports stand
 * around it; whatever begins, grows or ends an answer goes through here.
 */
export interface TurnState {
  readonly stream: StreamRecord
  readonly answerBase: AnswerBase
  /** The fold of all events so far. */
  readonly answer: MessageRecord | null
  /** The stretch of text that the agent is in: its own name for it, and the part that it became. */
  readonly openBlock: { readonly type: 'text' | 'reasoning'; readonly name: string; readonly partIndex: number } | null
  /** Halves of surrogate pairs that wait for their other halves, by part. */
  readonly pendingSurrogates: ReadonlyMap<number, string>
  /** The agent's names of this step's tool calls, and the parts that they became. */
  readonly partIndexByCallId: ReadonlyMap<string, number>
  /** What waits for a person, by id. */
  readonly pendingDecisions: ReadonlyMap<string, DecisionRecord>
  /** What the newest step that has ended took in and gave out, as its provider counted. */
  readonly lastStepUsage: Usage | null
}

export interface Transition {
  readonly turn: TurnState
  readonly events: readonly EventDraft[]
}

/** A turn as its log has it: with the answer as far as it was folded, and nothing on its way. */
export function createTurnState(
  stream: StreamRecord,
  userMessage: MessageRecord,
  answer: MessageRecord | null = null,
): TurnState {
  const answerBase = { position: toAnswerPosition(userMessage), model: stream.model }
  const emptyState = {
    openBlock: null,
    pendingSurrogates: new Map(),
    partIndexByCallId: new Map(),
    pendingDecisions: new Map(),
    lastStepUsage: null,
  }
  return { stream, answerBase, answer, ...emptyState }
}

/** A stream is accepted: it runs at once, or waits for its turn. */
export function acceptStream(stream: StreamRecord, runtime: Runtime): EventDraft {
  return { ...createEventBase(stream, runtime), type: 'StreamStarted', stream, userMessageId: stream.userMessageId }
}

/** The turn of a stream that waited has come. */
export function dequeueStream(
  queued: StreamRecord,
  runtime: Runtime,
): { readonly stream: StreamRecord; readonly event: EventDraft } {
  const stream: StreamRecord = { ...queued, status: 'RUNNING' }
  return { stream, event: { ...createEventBase(stream, runtime), type: 'StreamChanged', stream } }
}

/** A stream that waited is taken back before its turn: it ends without an answer. */
export function withdrawStream(
  queued: StreamRecord,
  runtime: Runtime,
): { readonly stream: StreamRecord; readonly event: EventDraft } {
  const stream = toFinishedStream(queued, { status: 'CANCELLED' }, runtime)
  return { stream, event: { ...createEventBase(stream, runtime), type: 'StreamFinished', stream, messageId: null } }
}

/** One thing that the agent did. */
export function applyAgentEvent(turn: TurnState, event: AgentEvent, runtime: Runtime): Transition {
  const transition = new TurnTransition(turn, runtime)
  switch (event.type) {
    case 'step':
      transition.closeBlock()
      transition.startStep(event.estimatedInputTokens)
      break
    case 'text':
    case 'reasoning':
      transition.writeText(event.type, event.block, event.text)
      break
    case 'tool-input':
      transition.closeBlock()
      transition.writeArguments(event.callId, event.name, event.text)
      break
    case 'tool-call':
      transition.closeBlock()
      transition.startCall(event.callId, event.name, event.argumentsText, event.gate)
      break
    case 'tool-result':
      transition.endCall(event.callId, {
        state: 'SUCCEEDED',
        result: toWellFormedJson(event.result),
        ...(event.fileHash !== undefined && { resultFile: event.fileHash }),
      })
      break
    case 'tool-error':
      transition.endCall(event.callId, {
        state: 'FAILED',
        error: event.error.toWellFormed(),
        ...(event.fileHash !== undefined && { resultFile: event.fileHash }),
      })
      break
    case 'usage':
      transition.endStep(event.usage)
      break
  }
  return transition.toTransition()
}

/** A person has decided, or time has. Nothing happens when it does not wait any more. */
export function resolveDecision(
  turn: TurnState,
  decisionId: string,
  resolution: DecisionResolution,
  runtime: Runtime,
): Transition {
  const transition = new TurnTransition(turn, runtime)
  const decision = turn.pendingDecisions.get(decisionId)
  if (decision) transition.resolve(decision, resolution)
  return transition.toTransition()
}

/**
 * The one terminal event, whatever the reason: what came before it is kept, and nothing is left running. `saved` is the
 * answer as it was committed: no tool runs before that tells so.
 */
export function finishTurn(
  turn: TurnState,
  ending: StreamEnding,
  runtime: Runtime,
  committedAnswer = turn.answer,
): Transition {
  const transition = new TurnTransition(turn, runtime)
  transition.closeBlock()
  transition.finishOpenCalls(ending, committedAnswer)
  transition.finish(ending)
  return transition.toTransition()
}

interface StreamEventBase {
  readonly at: number
  readonly sessionId: string
  readonly streamId: string
}

/** A command's way through the machine: a turn that moves on with each event it makes. */
class TurnTransition {
  #turn: TurnState
  readonly #runtime: Runtime
  readonly #events: EventDraft[] = []

  constructor(turn: TurnState, runtime: Runtime) {
    this.#turn = turn
    this.#runtime = runtime
  }

  toTransition(): Transition {
    return { turn: this.#turn, events: this.#events }
  }

  startStep(inputTokens: number): void {
    this.#estimateStep()
    const { stream, answer } = this.#turn
    this.#update({
      partIndexByCallId: new Map(),
      stream: { ...stream, step: { inputTokens, producedBefore: countProducedCodeUnits(answer) } },
    })
  }

  endStep(usage: Usage): void {
    const { stream } = this.#turn
    this.#update({ stream: { ...stream, usage: addUsage(stream.usage, usage), step: null }, lastStepUsage: usage })
  }

  writeText(type: 'text' | 'reasoning', name: string, text: string): void {
    if (this.#turn.openBlock?.name !== name || this.#turn.openBlock.type !== type) {
      this.closeBlock()
      if (text === '') return
      this.#update({ openBlock: { type, name, partIndex: this.#turn.answer?.parts.length ?? 0 } })
    }
    const { openBlock } = this.#turn
    if (openBlock) this.#emitTextDeltas(type, openBlock.partIndex, this.#bufferSurrogate(openBlock.partIndex, text))
  }

  /** Ends the open stretch of text. */
  closeBlock(): void {
    if (this.#turn.openBlock) this.#flushSurrogate(this.#turn.openBlock.partIndex)
    this.#update({ openBlock: null })
  }

  writeArguments(callId: string, name: string, text: string): void {
    const { partIndex, call } = this.#findOrCreateCall(callId, name)
    if (acceptsArguments(call)) this.#emitArgumentDeltas(partIndex, call, this.#bufferSurrogate(partIndex, text))
  }

  startCall(callId: string, name: string, argumentsText: string, gate?: ToolGate): void {
    const { partIndex, call } = this.#findOrCreateCall(callId, name)
    // It runs once: an agent that hands it over again would have a call that is over begin anew.
    if (!acceptsArguments(call)) return
    const text = argumentsText.toWellFormed()
    // Half a pair that waits comes again with the whole text.
    this.#discardSurrogate(partIndex)
    // What came in pieces is completed; an agent that hands over another text than its pieces made is believed last.
    const receivedText = call.argumentsText
    if (text.startsWith(receivedText)) this.#emitArgumentDeltas(partIndex, call, text.slice(receivedText.length))
    const identity = { name: name.toWellFormed(), providerId: callId.toWellFormed() }
    const completeCall: ToolCall = { ...call, ...identity, argumentsText: text, argumentsWhole: true }
    const at = this.#runtime.now()
    switch (gate?.type) {
      case 'denied':
        return this.#emitToolCall(partIndex, {
          ...completeCall,
          state: 'DENIED',
          error: gate.reason.toWellFormed(),
          finishedAt: at,
        })
      case 'approval':
        return this.#requestDecision(partIndex, { ...completeCall, state: 'AWAITING_APPROVAL' }, gate)
      case 'question':
        return this.#requestDecision(partIndex, { ...completeCall, state: 'RUNNING', startedAt: at }, gate)
      case undefined:
        return this.#emitToolCall(partIndex, { ...completeCall, state: 'RUNNING', startedAt: at })
    }
  }

  /** The call, what was asked about it, and that the answer waits from now on. */
  #requestDecision(
    partIndex: number,
    toolCall: ToolCall,
    gate: Extract<ToolGate, { readonly timeoutMs: number }>,
  ): void {
    this.#emitToolCall(partIndex, toolCall)
    const { messageId, sessionId, streamId, at } = this.#createPartEventBase(partIndex)
    const kind = gate.type === 'approval' ? 'approval' : 'clarification'
    const request = {
      id: this.#runtime.newId(kind),
      sessionId,
      streamId,
      messageId,
      partIndex,
      toolCall,
      state: 'PENDING',
      requestedAt: at,
      expiresAt: at + gate.timeoutMs,
      resolvedAt: null,
    } as const
    this.#emitDecision(
      gate.type === 'approval'
        ? {
            ...request,
            kind: 'approval',
            description: gate.description.toWellFormed(),
            choices: approvalDecisions,
            decision: null,
          }
        : {
            ...request,
            kind: 'clarification',
            question: gate.question.toWellFormed(),
            choices: gate.choices.map((choice) => choice.toWellFormed()),
            answer: null,
          },
    )
    this.#changeStatus('WAITING')
  }

  resolve(decision: DecisionRecord, resolution: DecisionResolution): void {
    const at = this.#runtime.now()
    const state = resolution.type === 'expired' ? 'EXPIRED' : 'ANSWERED'
    const part = this.#turn.answer?.parts[decision.partIndex]
    if (part?.type === 'tool' && !isFinal(part.call)) {
      this.#emitToolCall(decision.partIndex, { ...part.call, ...deriveResolvedOutcome(part.call, resolution, at) })
    }
    const resolvedDecision = { ...decision, state, resolvedAt: at } as const
    if (resolvedDecision.kind === 'approval') {
      this.#emitDecision(
        resolution.type === 'decided' ? { ...resolvedDecision, decision: resolution.decision } : resolvedDecision,
      )
    } else {
      this.#emitDecision(
        resolution.type === 'answered' ? { ...resolvedDecision, answer: resolution.answer } : resolvedDecision,
      )
    }
    if (this.#turn.pendingDecisions.size === 0) this.#changeStatus('RUNNING')
  }

  endCall(callId: string, outcome: Partial<ToolCall> & { readonly state: ToolCallState }): void {
    const partIndex = this.#turn.partIndexByCallId.get(callId)
    if (partIndex === undefined) return
    this.#flushSurrogate(partIndex)
    const part = this.#turn.answer?.parts[partIndex]
    if (part?.type !== 'tool' || isFinal(part.call)) return
    this.#emitToolCall(partIndex, { ...part.call, ...outcome, finishedAt: this.#runtime.now() })
    // An agent that did not wait for a person: nobody needs to be asked any more.
    const pendingDecision = this.#findPendingDecision(partIndex)
    if (!pendingDecision) return
    this.#emitDecision({ ...pendingDecision, state: 'CANCELLED', resolvedAt: this.#runtime.now() })
    if (this.#turn.pendingDecisions.size === 0) this.#changeStatus('RUNNING')
  }

  /** Nothing stays open: each call ends in a state that tells what is known of it. */
  finishOpenCalls(ending: StreamEnding, committedAnswer: MessageRecord | null): void {
    for (const partIndex of this.#turn.pendingSurrogates.keys()) this.#flushSurrogate(partIndex)
    for (const [partIndex, part] of (this.#turn.answer?.parts ?? []).entries()) {
      if (part.type !== 'tool' || isFinal(part.call)) continue
      const committedPart = committedAnswer?.parts[partIndex]
      const hasStarted = committedPart?.type === 'tool' && committedPart.call.state === 'RUNNING'
      const outcome = this.#findPendingDecision(partIndex)
        ? deriveUnansweredOutcome(part.call, ending)
        : deriveOpenCallOutcome(ending, hasStarted)
      this.#emitToolCall(partIndex, { ...part.call, ...outcome, finishedAt: this.#runtime.now() })
    }
    for (const decision of this.#turn.pendingDecisions.values()) {
      this.#emitDecision({ ...decision, state: 'CANCELLED', resolvedAt: this.#runtime.now() })
    }
  }

  finish(ending: StreamEnding): void {
    this.#estimateStep()
    const { stream, answer } = this.#turn
    const finishedStream = toFinishedStream({ ...stream, messageId: answer?.id ?? null }, ending, this.#runtime)
    this.#update({ stream: finishedStream })
    this.#emit({
      ...this.#createEventBase(),
      type: 'StreamFinished',
      stream: finishedStream,
      messageId: finishedStream.messageId,
    })
  }

  #emitTextDeltas(type: 'text' | 'reasoning', partIndex: number, text: string): void {
    for (const chunk of chunkText(text)) {
      const part = this.#turn.answer?.parts[partIndex]
      const offset = part?.type === type ? part.text.length : 0
      const event = { ...this.#createPartEventBase(partIndex), offset, text: chunk }
      this.#emit(type === 'text' ? { ...event, type: 'TextDelta' } : { ...event, type: 'ReasoningDelta' })
    }
  }

  #emitArgumentDeltas(partIndex: number, { id, name, argumentsText: existingText }: ToolCall, text: string): void {
    // The first delta may be empty: it tells which tool is called.
    const isEmptyFirst = this.#turn.answer?.parts[partIndex] === undefined && text === ''
    let offset = existingText.length
    for (const argumentsText of isEmptyFirst ? [''] : chunkText(text)) {
      const event = { ...this.#createPartEventBase(partIndex), toolCallId: id, toolName: name, offset, argumentsText }
      this.#emit({ ...event, type: 'ToolCallDelta' })
      offset += argumentsText.length
    }
  }

  /** What of a part's new text can be stored now; half a pair at its end waits for the other half. */
  #bufferSurrogate(partIndex: number, text: string): string {
    const { complete, trailing } = splitTrailingSurrogate((this.#turn.pendingSurrogates.get(partIndex) ?? '') + text)
    this.#discardSurrogate(partIndex)
    if (trailing !== '')
      this.#update({ pendingSurrogates: new Map([...this.#turn.pendingSurrogates, [partIndex, trailing]]) })
    return complete
  }

  /** The half that waits in a part will not get its other half any more. */
  #flushSurrogate(partIndex: number): void {
    if (!this.#turn.pendingSurrogates.has(partIndex)) return
    this.#discardSurrogate(partIndex)
    const part = this.#turn.answer?.parts[partIndex]
    if (part?.type === 'tool') this.#emitArgumentDeltas(partIndex, part.call, '\ufffd')
    else this.#emitTextDeltas(this.#turn.openBlock?.type ?? 'text', partIndex, '\ufffd')
  }

  #discardSurrogate(partIndex: number): void {
    if (this.#turn.pendingSurrogates.has(partIndex)) {
      this.#update({
        pendingSurrogates: new Map([...this.#turn.pendingSurrogates].filter(([index]) => index !== partIndex)),
      })
    }
  }

  /** The part of a call of this step, made when the agent names it first. */
  #findOrCreateCall(callId: string, name: string): { partIndex: number; call: ToolCall } {
    const knownIndex = this.#turn.partIndexByCallId.get(callId)
    const partIndex = knownIndex ?? this.#turn.answer?.parts.length ?? 0
    if (knownIndex === undefined)
      this.#update({ partIndexByCallId: new Map([...this.#turn.partIndexByCallId, [callId, partIndex]]) })
    const part = this.#turn.answer?.parts[partIndex]
    const call =
      part?.type === 'tool' ? part.call : createToolCall(this.#runtime.newId('toolCall'), name.toWellFormed())
    return { partIndex, call }
  }

  /** What a person is asked about a call, as long as it waits. */
  #findPendingDecision(partIndex: number): DecisionRecord | undefined {
    return [...this.#turn.pendingDecisions.values()].find((decision) => decision.partIndex === partIndex)
  }

  #emitToolCall(partIndex: number, toolCall: ToolCall): void {
    this.#emit({ ...this.#createPartEventBase(partIndex), type: 'ToolCallChanged', toolCall })
  }

  #emitDecision(decision: DecisionRecord): void {
    if (decision.kind === 'approval') this.#emit({ ...this.#createEventBase(), type: 'ApprovalChanged', decision })
    else this.#emit({ ...this.#createEventBase(), type: 'ClarificationChanged', decision })
  }

  #changeStatus(status: 'RUNNING' | 'WAITING'): void {
    if (this.#turn.stream.status === status) return
    this.#update({ stream: { ...this.#turn.stream, status } })
    this.#emit({ ...this.#createEventBase(), type: 'StreamChanged', stream: this.#turn.stream })
  }

  /** A step that ended without figures, or did not end at all, is estimated: what it made was made and paid for. */
  #estimateStep(): void {
    const { answer } = this.#turn
    const { step } = this.#turn.stream
    if (!step) return
    this.endStep({
      ...noUsage,
      estimated: true,
      inputTokens: step.inputTokens,
      // After a crash the row of the stream may tell of text that was not committed yet.
      outputTokens: estimateTokens(Math.max(0, countProducedCodeUnits(answer) - step.producedBefore)),
    })
  }

  #createEventBase(): StreamEventBase {
    return createEventBase(this.#turn.stream, this.#runtime)
  }

  #createPartEventBase(partIndex: number): StreamEventBase & { messageId: string; partIndex: number } {
    const messageId = this.#turn.stream.messageId ?? this.#runtime.newId('message')
    if (this.#turn.stream.messageId === null) this.#update({ stream: { ...this.#turn.stream, messageId } })
    return { ...this.#createEventBase(), messageId, partIndex }
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

function createEventBase({ id, sessionId }: StreamRecord, runtime: Runtime): StreamEventBase {
  return { at: runtime.now(), sessionId, streamId: id }
}

/** A stream's row when it is over. Its generation is raised: whoever still names the old one is refused. */
function toFinishedStream(stream: StreamRecord, ending: StreamEnding, runtime: Runtime): StreamRecord {
  return {
    ...stream,
    status: ending.status,
    generation: stream.generation + 1,
    finishedAt: runtime.now(),
    error: toStreamError(ending),
  }
}

const approvalDecisions: readonly ApprovalDecision[] = ['ONCE', 'SESSION', 'ALWAYS', 'DENY']

function toStreamError(ending: StreamEnding): StreamRecord['error'] {
  if (ending.status === 'FAILED') return { ...ending.error, message: ending.error.message.toWellFormed() }
  if (ending.status !== 'INTERRUPTED') return null
  return { code: 'SERVER_RESTART', message: 'The server stopped while the answer was being made.' }
}

/** How much a model made of an answer so far, in UTF-16 code units. */
function countProducedCodeUnits(answer: MessageRecord | null): number {
  let codeUnits = 0
  for (const part of answer?.parts ?? []) {
    if (part.type === 'tool') codeUnits += part.call.argumentsText.length
    else if (part.type !== 'file') codeUnits += part.text.length
  }
  return codeUnits
}
