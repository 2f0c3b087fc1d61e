import type { AgentEvent, Gate } from '../../agent/agent.ts'
import { estimateTokens } from '../../agent/estimate-tokens.ts'
import type {
  ApprovalDecision,
  DecisionRecord,
  MessageRecord,
  StreamRecord,
  ToolCall,
  ToolCallState,
  Usage,
} from '../../model/records.ts'
import { addUsage, noUsage } from '../../model/records.ts'
import type { Environment } from '../../lib/runtime.ts'
import { type AnswerFrame, answerPosition, type Draft, fold, foldPending } from '../../model/fold-message.ts'
import { type Ending, type Resolution, resolved, settlement, unanswered } from './tool-call-outcome.ts'
import { pieces, wellFormed, wellFormedJson } from '../../lib/unicode.ts'
import { isSettled, newToolCall, takesArguments } from '../../model/tool-call.ts'

/**
 * The life of a stream as one pure machine: (turn, command) → (turn, events). Storage, agents and transports stand
 * around it; whatever begins, grows or ends an answer goes through here.
 */
export interface Turn {
  readonly stream: StreamRecord
  readonly frame: AnswerFrame
  /** The fold of all events so far. */
  readonly answer: MessageRecord | null
  /** The stretch of text that the agent is in: its own name for it, and the part that it became. */
  readonly block: { readonly type: 'text' | 'reasoning'; readonly name: string; readonly partIndex: number } | null
  /** Halves of surrogate pairs that wait for their other halves, by part. */
  readonly held: ReadonlyMap<number, string>
  /** The agent's names of this step's tool calls, and the parts that they became. */
  readonly calls: ReadonlyMap<string, number>
  /** What waits for a person, by id. */
  readonly pending: ReadonlyMap<string, DecisionRecord>
  /** What the newest step that has ended took in and gave out, as its provider counted. */
  readonly lastStep: Usage | null
}

export interface Outcome {
  readonly turn: Turn
  readonly events: readonly Draft[]
}

/** A turn as its log has it: with the answer as far as it was folded, and nothing on its way. */
export function turnOf(stream: StreamRecord, userMessage: MessageRecord, answer: MessageRecord | null = null): Turn {
  const frame = { position: answerPosition(userMessage), model: stream.model }
  const nothing = { block: null, held: new Map(), calls: new Map(), pending: new Map(), lastStep: null }
  return { stream, frame, answer, ...nothing }
}

/** A stream is accepted: it runs at once, or waits for its turn. */
export function accept(stream: StreamRecord, env: Environment): Draft {
  return { ...baseOf(stream, env), type: 'StreamStarted', stream, userMessageId: stream.userMessageId }
}

/** The turn of a stream that waited has come. */
export function dequeue(
  queued: StreamRecord,
  env: Environment,
): { readonly stream: StreamRecord; readonly event: Draft } {
  const stream: StreamRecord = { ...queued, status: 'RUNNING' }
  return { stream, event: { ...baseOf(stream, env), type: 'StreamChanged', stream } }
}

/** A stream that waited is taken back before its turn: it ends without an answer. */
export function withdraw(
  queued: StreamRecord,
  env: Environment,
): { readonly stream: StreamRecord; readonly event: Draft } {
  const stream = ended(queued, { status: 'CANCELLED' }, env)
  return { stream, event: { ...baseOf(stream, env), type: 'StreamFinished', stream, messageId: null } }
}

/** One thing that the agent did. */
export function absorb(turn: Turn, event: AgentEvent, env: Environment): Outcome {
  const work = new Work(turn, env)
  switch (event.type) {
    case 'step':
      work.closeBlock()
      work.beginStep(event.estimatedInputTokens)
      break
    case 'text':
    case 'reasoning':
      work.write(event.type, event.block, event.text)
      break
    case 'tool-input':
      work.closeBlock()
      work.writeArguments(event.callId, event.name, event.text)
      break
    case 'tool-call':
      work.closeBlock()
      work.beginCall(event.callId, event.name, event.argumentsText, event.gate)
      break
    case 'tool-result':
      work.endCall(event.callId, {
        state: 'SUCCEEDED',
        result: wellFormedJson(event.result),
        ...(event.file !== undefined && { resultFile: event.file }),
      })
      break
    case 'tool-error':
      work.endCall(event.callId, {
        state: 'FAILED',
        error: event.error.toWellFormed(),
        ...(event.file !== undefined && { resultFile: event.file }),
      })
      break
    case 'usage':
      work.endStep(event.usage)
      break
  }
  return work.outcome()
}

/** A person has decided, or time has. Nothing happens when it does not wait any more. */
export function resolve(turn: Turn, decisionId: string, resolution: Resolution, env: Environment): Outcome {
  const work = new Work(turn, env)
  const decision = turn.pending.get(decisionId)
  if (decision) work.resolve(decision, resolution)
  return work.outcome()
}

/**
 * The one terminal event, whatever the reason: what came before it is kept, and nothing is left running. `saved` is the
 * answer as it was committed: no tool runs before that tells so.
 */
export function endTurn(turn: Turn, ending: Ending, env: Environment, saved = turn.answer): Outcome {
  const work = new Work(turn, env)
  work.closeBlock()
  work.settleCalls(ending, saved)
  work.finish(ending)
  return work.outcome()
}

interface Base {
  readonly at: number
  readonly sessionId: string
  readonly streamId: string
}

/** A command's way through the machine: a turn that moves on with each event it makes. */
class Work {
  #turn: Turn
  readonly #env: Environment
  readonly #events: Draft[] = []

  constructor(turn: Turn, env: Environment) {
    this.#turn = turn
    this.#env = env
  }

  outcome(): Outcome {
    return { turn: this.#turn, events: this.#events }
  }

  beginStep(inputTokens: number): void {
    this.#estimateStep()
    const { stream, answer } = this.#turn
    this.#set({ calls: new Map(), stream: { ...stream, step: { inputTokens, producedBefore: produced(answer) } } })
  }

  endStep(usage: Usage): void {
    const { stream } = this.#turn
    this.#set({ stream: { ...stream, usage: addUsage(stream.usage, usage), step: null }, lastStep: usage })
  }

  write(type: 'text' | 'reasoning', name: string, text: string): void {
    if (this.#turn.block?.name !== name || this.#turn.block.type !== type) {
      this.closeBlock()
      if (text === '') return
      this.#set({ block: { type, name, partIndex: this.#turn.answer?.parts.length ?? 0 } })
    }
    const { block } = this.#turn
    if (block) this.#append(type, block.partIndex, this.#hold(block.partIndex, text))
  }

  /** Ends the open stretch of text. */
  closeBlock(): void {
    if (this.#turn.block) this.#release(this.#turn.block.partIndex)
    this.#set({ block: null })
  }

  writeArguments(callId: string, name: string, text: string): void {
    const { partIndex, call } = this.#call(callId, name)
    if (takesArguments(call)) this.#appendArguments(partIndex, call, this.#hold(partIndex, text))
  }

  beginCall(callId: string, name: string, argumentsText: string, gate?: Gate): void {
    const { partIndex, call } = this.#call(callId, name)
    // It runs once: an agent that hands it over again would have a call that is over begin anew.
    if (!takesArguments(call)) return
    const text = argumentsText.toWellFormed()
    // Half a pair that waits comes again with the whole text.
    this.#drop(partIndex)
    // What came in pieces is completed; an agent that hands over another text than its pieces made is believed last.
    const known = call.argumentsText
    if (text.startsWith(known)) this.#appendArguments(partIndex, call, text.slice(known.length))
    const named = { name: name.toWellFormed(), providerId: callId.toWellFormed() }
    const whole: ToolCall = { ...call, ...named, argumentsText: text, argumentsWhole: true }
    const at = this.#env.now()
    switch (gate?.type) {
      case 'denied':
        return this.#change(partIndex, { ...whole, state: 'DENIED', error: gate.reason.toWellFormed(), finishedAt: at })
      case 'approval':
        return this.#ask(partIndex, { ...whole, state: 'AWAITING_APPROVAL' }, gate)
      case 'question':
        return this.#ask(partIndex, { ...whole, state: 'RUNNING', startedAt: at }, gate)
      case undefined:
        return this.#change(partIndex, { ...whole, state: 'RUNNING', startedAt: at })
    }
  }

  /** The call, what was asked about it, and that the answer waits from now on. */
  #ask(partIndex: number, toolCall: ToolCall, gate: Extract<Gate, { readonly within: number }>): void {
    this.#change(partIndex, toolCall)
    const { messageId, sessionId, streamId, at } = this.#part(partIndex)
    const kind = gate.type === 'approval' ? 'approval' : 'clarification'
    const asked = {
      id: this.#env.newId(kind),
      sessionId,
      streamId,
      messageId,
      partIndex,
      toolCall,
      state: 'PENDING',
      requestedAt: at,
      expiresAt: at + gate.within,
      resolvedAt: null,
    } as const
    this.#tell(
      gate.type === 'approval'
        ? {
            ...asked,
            kind: 'approval',
            description: gate.description.toWellFormed(),
            choices: approvalDecisions,
            decision: null,
          }
        : {
            ...asked,
            kind: 'clarification',
            question: gate.question.toWellFormed(),
            choices: gate.choices.map((choice) => choice.toWellFormed()),
            answer: null,
          },
    )
    this.#changeStatus('WAITING')
  }

  resolve(decision: DecisionRecord, resolution: Resolution): void {
    const at = this.#env.now()
    const state = resolution.type === 'expired' ? 'EXPIRED' : 'ANSWERED'
    const part = this.#turn.answer?.parts[decision.partIndex]
    if (part?.type === 'tool' && !isSettled(part.call)) {
      this.#change(decision.partIndex, { ...part.call, ...resolved(part.call, resolution, at) })
    }
    const over = { ...decision, state, resolvedAt: at } as const
    if (over.kind === 'approval') {
      this.#tell(resolution.type === 'decided' ? { ...over, decision: resolution.decision } : over)
    } else {
      this.#tell(resolution.type === 'answered' ? { ...over, answer: resolution.answer } : over)
    }
    if (this.#turn.pending.size === 0) this.#changeStatus('RUNNING')
  }

  endCall(callId: string, end: Partial<ToolCall> & { readonly state: ToolCallState }): void {
    const partIndex = this.#turn.calls.get(callId)
    if (partIndex === undefined) return
    this.#release(partIndex)
    const part = this.#turn.answer?.parts[partIndex]
    if (part?.type !== 'tool' || isSettled(part.call)) return
    this.#change(partIndex, { ...part.call, ...end, finishedAt: this.#env.now() })
    // An agent that did not wait for a person: nobody needs to be asked any more.
    const asked = this.#askedAbout(partIndex)
    if (!asked) return
    this.#tell({ ...asked, state: 'CANCELLED', resolvedAt: this.#env.now() })
    if (this.#turn.pending.size === 0) this.#changeStatus('RUNNING')
  }

  /** Nothing stays open: each call ends in a state that tells what is known of it. */
  settleCalls(ending: Ending, saved: MessageRecord | null): void {
    for (const partIndex of this.#turn.held.keys()) this.#release(partIndex)
    for (const [partIndex, part] of (this.#turn.answer?.parts ?? []).entries()) {
      if (part.type !== 'tool' || isSettled(part.call)) continue
      const before = saved?.parts[partIndex]
      const begun = before?.type === 'tool' && before.call.state === 'RUNNING'
      const settled = this.#askedAbout(partIndex) ? unanswered(part.call, ending) : settlement(ending, begun)
      this.#change(partIndex, { ...part.call, ...settled, finishedAt: this.#env.now() })
    }
    for (const decision of this.#turn.pending.values()) {
      this.#tell({ ...decision, state: 'CANCELLED', resolvedAt: this.#env.now() })
    }
  }

  finish(ending: Ending): void {
    this.#estimateStep()
    const { stream, answer } = this.#turn
    const over = ended({ ...stream, messageId: answer?.id ?? null }, ending, this.#env)
    this.#set({ stream: over })
    this.#emit({ ...this.#base(), type: 'StreamFinished', stream: over, messageId: over.messageId })
  }

  #append(type: 'text' | 'reasoning', partIndex: number, text: string): void {
    for (const piece of pieces(text)) {
      const part = this.#turn.answer?.parts[partIndex]
      const offset = part?.type === type ? part.text.length : 0
      const event = { ...this.#part(partIndex), offset, text: piece }
      this.#emit(type === 'text' ? { ...event, type: 'TextDelta' } : { ...event, type: 'ReasoningDelta' })
    }
  }

  #appendArguments(partIndex: number, { id, name, argumentsText: before }: ToolCall, text: string): void {
    // The first delta may be empty: it tells which tool is called.
    const first = this.#turn.answer?.parts[partIndex] === undefined && text === ''
    let offset = before.length
    for (const argumentsText of first ? [''] : pieces(text)) {
      const event = { ...this.#part(partIndex), toolCallId: id, toolName: name, offset, argumentsText }
      this.#emit({ ...event, type: 'ToolCallDelta' })
      offset += argumentsText.length
    }
  }

  /** What of a part's new text can be stored now; half a pair at its end waits for the other half. */
  #hold(partIndex: number, text: string): string {
    const { whole, held } = wellFormed((this.#turn.held.get(partIndex) ?? '') + text)
    this.#drop(partIndex)
    if (held !== '') this.#set({ held: new Map([...this.#turn.held, [partIndex, held]]) })
    return whole
  }

  /** The half that waits in a part will not get its other half any more. */
  #release(partIndex: number): void {
    if (!this.#turn.held.has(partIndex)) return
    this.#drop(partIndex)
    const part = this.#turn.answer?.parts[partIndex]
    if (part?.type === 'tool') this.#appendArguments(partIndex, part.call, '\ufffd')
    else this.#append(this.#turn.block?.type ?? 'text', partIndex, '\ufffd')
  }

  #drop(partIndex: number): void {
    if (this.#turn.held.has(partIndex)) {
      this.#set({ held: new Map([...this.#turn.held].filter(([index]) => index !== partIndex)) })
    }
  }

  /** The part of a call of this step, made when the agent names it first. */
  #call(callId: string, name: string): { partIndex: number; call: ToolCall } {
    const known = this.#turn.calls.get(callId)
    const partIndex = known ?? this.#turn.answer?.parts.length ?? 0
    if (known === undefined) this.#set({ calls: new Map([...this.#turn.calls, [callId, partIndex]]) })
    const part = this.#turn.answer?.parts[partIndex]
    const call = part?.type === 'tool' ? part.call : newToolCall(this.#env.newId('toolCall'), name.toWellFormed())
    return { partIndex, call }
  }

  /** What a person is asked about a call, as long as it waits. */
  #askedAbout(partIndex: number): DecisionRecord | undefined {
    return [...this.#turn.pending.values()].find((decision) => decision.partIndex === partIndex)
  }

  #change(partIndex: number, toolCall: ToolCall): void {
    this.#emit({ ...this.#part(partIndex), type: 'ToolCallChanged', toolCall })
  }

  #tell(decision: DecisionRecord): void {
    if (decision.kind === 'approval') this.#emit({ ...this.#base(), type: 'ApprovalChanged', decision })
    else this.#emit({ ...this.#base(), type: 'ClarificationChanged', decision })
  }

  #changeStatus(status: 'RUNNING' | 'WAITING'): void {
    if (this.#turn.stream.status === status) return
    this.#set({ stream: { ...this.#turn.stream, status } })
    this.#emit({ ...this.#base(), type: 'StreamChanged', stream: this.#turn.stream })
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
      outputTokens: estimateTokens(Math.max(0, produced(answer) - step.producedBefore)),
    })
  }

  #base(): Base {
    return baseOf(this.#turn.stream, this.#env)
  }

  #part(partIndex: number): Base & { messageId: string; partIndex: number } {
    const messageId = this.#turn.stream.messageId ?? this.#env.newId('message')
    if (this.#turn.stream.messageId === null) this.#set({ stream: { ...this.#turn.stream, messageId } })
    return { ...this.#base(), messageId, partIndex }
  }

  #emit(event: Draft): void {
    this.#events.push(event)
    const { frame, answer, pending } = this.#turn
    this.#set({ answer: fold(frame, answer, event), pending: foldPending(pending, event) })
  }

  #set(change: Partial<Turn>): void {
    this.#turn = { ...this.#turn, ...change }
  }
}

function baseOf({ id, sessionId }: StreamRecord, env: Environment): Base {
  return { at: env.now(), sessionId, streamId: id }
}

/** A stream's row when it is over. Its generation is raised: whoever still names the old one is refused. */
function ended(stream: StreamRecord, ending: Ending, env: Environment): StreamRecord {
  return {
    ...stream,
    status: ending.status,
    generation: stream.generation + 1,
    finishedAt: env.now(),
    error: errorOf(ending),
  }
}

const approvalDecisions: readonly ApprovalDecision[] = ['ONCE', 'SESSION', 'ALWAYS', 'DENY']

function errorOf(ending: Ending): StreamRecord['error'] {
  if (ending.status === 'FAILED') return { ...ending.error, message: ending.error.message.toWellFormed() }
  if (ending.status !== 'INTERRUPTED') return null
  return { code: 'SERVER_RESTART', message: 'The server stopped while the answer was being made.' }
}

/** How much a model made of an answer so far, in UTF-16 code units. */
function produced(answer: MessageRecord | null): number {
  let units = 0
  for (const part of answer?.parts ?? []) {
    if (part.type === 'tool') units += part.call.argumentsText.length
    else if (part.type !== 'file') units += part.text.length
  }
  return units
}
