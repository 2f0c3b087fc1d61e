import { setTimeout as delay } from 'node:timers/promises'
import type { ModelMessage } from 'ai'
import { type Agent, AgentError, type AgentEvent } from '../agent/agent.ts'
import { LogConflict, StaleGeneration } from '../storage/chat-store.ts'
import type { ChatEvent, MessageRecord, StreamRecord } from '../storage/records.ts'
import type { ChatLog } from './chat-log.ts'
import type { Environment } from './environment.ts'
import type { Draft } from './fold.ts'
import { absorb, type Ending, endTurn, type Turn } from './machine.ts'
import { eventTextLimit } from './text-pieces.ts'

/** What came in is committed at the latest after this time, this many deltas or this much text; at once when idle. */
const commitAfter = { milliseconds: 20, deltas: 32, codeUnits: 8192 }
/** How long to wait before an end that could not be committed, as on a full disk, is tried again. */
const retryEndAfter = 500 // milliseconds

export interface RunningStreamOptions {
  readonly log: ChatLog
  readonly env: Environment
  /** The turn as its committed StreamStarted left it, and the log's end then. */
  readonly turn: Turn
  readonly head: number
  /** What went before the answer, the user's message included, and the answer as far as it is: what the model is sent. */
  readonly history: (answer: MessageRecord | null) => Promise<readonly ModelMessage[]>
  readonly onProblem: (error: unknown, what: string) => void
}

export interface Saved {
  readonly stream: StreamRecord
  readonly answer: MessageRecord | null
}

/**
 * The one writer of a stream: takes in what the agent does, commits it in groups, ends it once. What is outside sees
 * `saved`, the fold of what has been committed, never what is on its way.
 */
export class RunningStream {
  readonly #options: RunningStreamOptions
  readonly #abort = new AbortController()
  #turn: Turn
  #head: number
  #saved: Saved
  #pending: Draft[] = []
  #pendingUnits = 0
  #commits: Promise<void> = Promise.resolve()
  #lastCommit = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #end: Promise<Saved> | null = null
  #refused = 0

  constructor(options: RunningStreamOptions) {
    this.#options = options
    this.#turn = options.turn
    this.#head = options.head
    this.#saved = { stream: options.turn.stream, answer: options.turn.answer }
  }

  /** The stream and its message as of the newest committed event. */
  get saved(): Saved {
    return this.#saved
  }

  /** Its end has begun: nothing can be added to it any more. */
  get ending(): boolean {
    return this.#end !== null
  }

  /** How many things an agent did after the stream had ended for it; they changed nothing. */
  get refused(): number {
    return this.#refused
  }

  /** Lets the agent answer until it is done, it fails, or somebody else has ended the stream. Never throws. */
  async run(agent: Agent, model: string): Promise<void> {
    const ended = Promise.withResolvers<void>()
    this.#abort.signal.addEventListener('abort', () => ended.resolve())
    // An agent may ignore its signal: then it goes on by itself and is refused, and nobody waits for it.
    await Promise.race([this.#drive(agent, model), ended.promise])
  }

  /**
   * Ends the stream: fences first and aborts second. What has come in so far is committed together with the end. Only
   * the first ending counts; every call resolves to what was saved, whichever ending it was.
   */
  end(ending: Ending): Promise<Saved> {
    this.#end ??= this.#finish(ending)
    return this.#end
  }

  async #drive(agent: Agent, model: string): Promise<void> {
    try {
      const events = agent.answer({ model, history: () => this.#history(), signal: this.#abort.signal })
      for await (const event of events) {
        this.#absorb(event)
        // A commit that takes long slows the agent down, not the memory up.
        if (this.#pendingUnits > eventTextLimit) await this.#commit()
      }
      await this.end({ status: 'COMPLETED' })
    } catch (error) {
      if (this.ending) return
      await this.end({ status: 'FAILED', error: this.#describe(error) })
    }
  }

  #describe(error: unknown): { code: AgentError['code']; message: string } {
    if (error instanceof AgentError) return { code: error.code, message: error.message }
    this.#options.onProblem(error, 'an agent failed')
    return { code: 'PROVIDER', message: 'The agent failed for a reason of its own. The log of the server tells more.' }
  }

  async #history(): Promise<readonly ModelMessage[]> {
    await this.#commit()
    return this.#options.history(this.#turn.answer)
  }

  #absorb(event: AgentEvent): void {
    if (this.ending) {
      this.#refused += 1
      return
    }
    const { turn, events } = absorb(this.#turn, event, this.#options.env)
    this.#turn = turn
    for (const draft of events) this.#add(draft)
    this.#schedule()
  }

  #add(draft: Draft): void {
    const last = this.#pending.at(-1)
    const merged = last && merge(last, draft)
    if (merged) this.#pending[this.#pending.length - 1] = merged
    else this.#pending.push(draft)
    this.#pendingUnits += textOf(draft).length
  }

  /** Sees to it that what is pending is committed in time. */
  #schedule(): void {
    if (this.#pending.length === 0) return
    const { milliseconds, deltas, codeUnits } = commitAfter
    const now = performance.now()
    const full = this.#pending.length >= deltas || this.#pendingUnits >= codeUnits
    if (full || now - this.#lastCommit >= milliseconds) void this.#commit()
    else this.#timer ??= setTimeout(() => void this.#commit(), milliseconds - (now - this.#lastCommit))
  }

  /** Commits what is pending, after the commits before it. One that fails ends the stream: its text is kept for the end. */
  #commit(): Promise<void> {
    this.#commits = this.#commits.then(async () => {
      if (this.#pending.length === 0 || this.ending) return
      try {
        await this.#write({ isEnd: false })
      } catch (error) {
        this.#options.onProblem(error, 'events could not be saved')
        void this.end({ status: 'FAILED', error: { code: 'PROVIDER', message: 'The answer could not be saved.' } })
      }
    })
    return this.#commits
  }

  async #finish(ending: Ending): Promise<Saved> {
    // From here on `ending` is true: what the agent does from now on is refused. A commit under way goes first.
    await this.#commits
    const { turn, events } = endTurn(this.#turn, ending, this.#options.env)
    this.#turn = turn
    for (const draft of events) this.#add(draft)
    for (;;) {
      try {
        await this.#write({ isEnd: true })
        return this.#saved
      } catch (error) {
        // Somebody else has ended it: there is nothing left to save.
        if (error instanceof StaleGeneration || error instanceof LogConflict) throw error
        this.#options.onProblem(error, 'the end of a stream could not be saved; trying again')
      } finally {
        this.#abort.abort()
      }
      await delay(retryEndAfter, undefined, { ref: false })
    }
  }

  /** One transaction: the pending events, the stream's row, and the message's row when it ends. */
  async #write({ isEnd }: { isEnd: boolean }): Promise<void> {
    const turn = this.#turn
    const drafts = this.#takePending()
    const head = this.#head + drafts.length
    const stream = { ...turn.stream, lastSeq: head }
    try {
      await this.#options.log.append({
        sessionId: stream.sessionId,
        head: this.#head,
        fence: { streamId: stream.id, generation: this.#saved.stream.generation },
        events: drafts.map((draft, index) => numbered(draft, this.#head + index + 1)),
        streams: [stream],
        ...(isEnd && turn.answer && { messages: [turn.answer] }),
        ...(isEnd && turn.answer && stream.finishedAt !== null && { activityAt: stream.finishedAt }),
      })
    } catch (error) {
      this.#pending = [...drafts, ...this.#pending]
      throw error
    }
    this.#head = head
    this.#saved = { stream, answer: turn.answer }
    this.#lastCommit = performance.now()
  }

  #takePending(): Draft[] {
    const drafts = this.#pending
    this.#pending = []
    this.#pendingUnits = 0
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    return drafts
  }
}

/** Gives an event its number. A stream that it holds is as of this event. */
export function numbered(draft: Draft, seq: number): ChatEvent {
  if (draft.type === 'StreamStarted') return { ...draft, seq, stream: { ...draft.stream, lastSeq: seq } }
  if (draft.type === 'StreamFinished') return { ...draft, seq, stream: { ...draft.stream, lastSeq: seq } }
  return { ...draft, seq }
}

/** Two deltas of one part, the second right behind the first, as one; null when they are not, or it would be too long. */
function merge(first: Draft, second: Draft): Draft | null {
  if (first.type === 'TextDelta' && second.type === 'TextDelta' && fits(first, second)) {
    return { ...first, text: first.text + second.text }
  }
  if (first.type === 'ReasoningDelta' && second.type === 'ReasoningDelta' && fits(first, second)) {
    return { ...first, text: first.text + second.text }
  }
  if (first.type === 'ToolCallDelta' && second.type === 'ToolCallDelta' && fits(first, second)) {
    return { ...first, argumentsText: first.argumentsText + second.argumentsText }
  }
  return null
}

type Delta = Extract<Draft, { readonly offset: number }>

function fits(first: Delta, second: Delta): boolean {
  const length = textOf(first).length
  return (
    first.messageId === second.messageId &&
    first.partIndex === second.partIndex &&
    first.offset + length === second.offset &&
    length + textOf(second).length <= eventTextLimit
  )
}

function textOf(draft: Draft): string {
  if (draft.type === 'TextDelta' || draft.type === 'ReasoningDelta') return draft.text
  return draft.type === 'ToolCallDelta' ? draft.argumentsText : ''
}
