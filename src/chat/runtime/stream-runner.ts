import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises'
import type { ModelMessage } from 'ai'
import { type Agent, AgentError, type AgentEvent } from '../../agent/agent.ts'
import { SegueError } from '../../lib/errors.ts'
import { LogConflict, StaleGeneration } from '../../storage/event-store.ts'
import type { DecisionRecord, MessageRecord, StreamRecord } from '../../model/records.ts'
import { deltaText, fits, isDeltaDraft, withText } from '../log/delta.ts'
import type { Environment } from '../../lib/runtime.ts'
import { type Draft, fold } from '../../model/fold-message.ts'
import { absorb, endTurn, type Outcome, resolve, type Turn } from '../turn/turn.ts'
import type { Addition, SessionWriter } from '../log/log-writer.ts'
import type { Ending, Resolution } from '../turn/tool-call-outcome.ts'
import { Waits } from './decision-timers.ts'

/** What came in is committed at the latest after this time, this many deltas or this much text; at once when idle. */
const commitAfter = { milliseconds: 20, deltas: 32, codeUnits: 8192 }
/** The most text that one commit holds, in code units: a larger one would hold up everybody else. */
const commitLimit = 262_144
/** How long an agent that never waits for anything may go on before everybody else has a turn. */
const breathAfter = 10 // milliseconds
/** How long to wait before an end that could not be committed, as on a full disk, is tried again. */
const retryEndAfter = 500 // milliseconds

export interface RunningStreamOptions {
  readonly writer: SessionWriter
  readonly env: Environment
  /** The turn as its committed events left it. */
  readonly turn: Turn
  /** What the model is sent, with the answer as far as it is. */
  readonly history: (answer: MessageRecord | null) => Promise<readonly ModelMessage[]>
  /** Whether a person has said before that a tool need not ask. */
  readonly isGranted: (tool: string) => Promise<boolean>
  readonly onProblem: (error: unknown, what: string) => void
  /** Called with each thing that an agent did after the stream had ended for it. */
  readonly onRefused: () => void
}

export interface Saved {
  readonly stream: StreamRecord
  readonly answer: MessageRecord | null
}

/**
 * An answer being made: takes in what the agent does, commits it in groups, ends it once. What is outside sees `saved`,
 * the fold of what has been committed, never what is on its way.
 */
export class RunningStream {
  readonly #options: RunningStreamOptions
  readonly #abort = new AbortController()
  #turn: Turn
  #saved: Saved
  #pending: Draft[] = []
  #pendingUnits = 0
  #commits: Promise<void> = Promise.resolve()
  #lastCommit = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #end: Promise<Saved> | null = null
  #carried = false
  /** What the agent waits for because a person has to decide. */
  readonly #waits = new Waits((decisionId) => {
    this.resolve(decisionId, { type: 'expired' }).catch((error: unknown) => this.#options.onProblem(error, 'expiry'))
  })

  constructor(options: RunningStreamOptions) {
    this.#options = options
    this.#turn = options.turn
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

  /** How many tokens the model took in and gave out in the newest step that has ended; null before that. */
  get contextTokens(): number | null {
    const { lastStep } = this.#turn
    return lastStep && lastStep.inputTokens + lastStep.outputTokens
  }

  /** What was to go along with its end was committed with it. */
  get carried(): boolean {
    return this.#carried
  }

  /** Lets the agent answer until it is done, it fails, or somebody else has ended the stream. */
  async run(agent: Agent, model: string): Promise<void> {
    const ended = Promise.withResolvers<void>()
    this.#abort.signal.addEventListener('abort', () => ended.resolve())
    // An agent may ignore its signal: then it goes on by itself and is refused, and nobody waits for it.
    await Promise.race([this.#drive(agent, model), ended.promise])
    await this.#end
  }

  /**
   * Ends the stream: fences first and aborts second. What has come in so far is committed together with the end, and so
   * is what `more` composes. Only the first ending counts, with its `more`; every call resolves to what was saved.
   */
  end(ending: Ending, more?: (head: number) => Addition): Promise<Saved> {
    this.#end ??= this.#finish(ending, more)
    return this.#end
  }

  /**
   * A person has decided, or time has: resolves to the decision once that is saved, and the agent goes on. Null when
   * nothing waits here under this id any more: of several resolutions of one decision only the first counts.
   */
  async resolve(decisionId: string, resolution: Resolution): Promise<DecisionRecord | null> {
    if (this.ending || !this.#turn.pending.has(decisionId)) return null
    const outcome = resolve(this.#turn, decisionId, resolution, this.#options.env)
    this.#apply(outcome)
    await this.#commit()
    // What could not be committed by itself, or came too late for that, is saved together with the end.
    if (this.ending) await this.#end
    this.#waits.end(decisionId)
    return outcome.events.flatMap((event) => ('decision' in event ? [event.decision] : []))[0] ?? null
  }

  async #drive(agent: Agent, model: string): Promise<void> {
    try {
      const events = agent.answer({
        model,
        history: () => this.#history(),
        mayRun: (callId) => this.#mayRun(callId),
        isGranted: this.#options.isGranted,
        signal: this.#abort.signal,
      })
      let breathed = performance.now()
      for await (const event of events) {
        this.#absorb(event)
        // A commit that takes long slows the agent down, not the memory up.
        if (this.#pendingUnits > commitLimit) await this.#commit()
        if (performance.now() - breathed < breathAfter) continue
        await breathe()
        breathed = performance.now()
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

  async #mayRun(callId: string): Promise<boolean> {
    const partIndex = this.#turn.calls.get(callId)
    // Looked for before anything is waited for: one that is answered from now on is waited for until that is saved.
    const asked = [...this.#turn.pending.values()].find((decision) => decision.partIndex === partIndex)
    await this.#commit()
    if (asked) await this.#waits.over(asked.id)
    if (this.ending || partIndex === undefined) return false
    const part = this.#turn.answer?.parts[partIndex]
    return part?.type === 'tool' && part.call.state === 'RUNNING'
  }

  #absorb(event: AgentEvent): void {
    if (this.ending) this.#options.onRefused()
    else this.#apply(absorb(this.#turn, event, this.#options.env))
  }

  #apply({ turn, events }: Outcome): void {
    for (const { id, expiresAt } of turn.pending.values()) {
      if (expiresAt !== null && !this.#turn.pending.has(id)) this.#waits.begin(id, expiresAt - this.#options.env.now())
    }
    this.#turn = turn
    for (const draft of events) this.#add(draft)
    this.#schedule()
  }

  /** Keeps an event for the next commit, as one with the one before where it goes on with its text. */
  #add(draft: Draft): void {
    const last = this.#pending.at(-1)
    if (last && isDeltaDraft(last) && isDeltaDraft(draft) && fits(last, draft)) {
      this.#pending[this.#pending.length - 1] = withText(last, deltaText(last) + deltaText(draft))
    } else {
      this.#pending.push(draft)
    }
    this.#pendingUnits += unitsOf(draft)
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
      try {
        while (this.#pending.length > 0 && !this.ending) await this.#writeSome()
      } catch (error) {
        this.#options.onProblem(error, 'events could not be saved')
        void this.end({ status: 'FAILED', error: { code: 'PROVIDER', message: 'The answer could not be saved.' } })
      }
    })
    return this.#commits
  }

  async #finish(ending: Ending, more?: (head: number) => Addition): Promise<Saved> {
    // From here on `ending` is true: what the agent does from now on is refused. A commit under way goes first.
    await this.#commits
    try {
      for (;;) {
        try {
          while (this.#pendingUnits > commitLimit) await this.#writeSome()
          return await this.#writeEnd(ending, more)
        } catch (error) {
          // Somebody else has ended it: there is nothing left to save.
          if (isOver(error)) throw error
          this.#options.onProblem(error, 'the end of a stream could not be saved; trying again')
          this.#abort.abort()
          // Whoever sent something along tries by itself, and is told what is wrong.
          more = undefined
        }
        await delay(retryEndAfter, undefined, { ref: false })
      }
    } finally {
      this.#abort.abort()
      this.#waits.endAll()
    }
  }

  /** One transaction of what is pending, as much of it as one may hold. */
  async #writeSome(): Promise<void> {
    const drafts = this.#take(commitLimit)
    const { stream } = this.#turn
    await this.#write(drafts, stream, () => ({ drafts, streams: [stream] }))
    if (this.#pending.length > 0) await breathe()
  }

  /** One transaction of what is pending, the terminal event, the message's row, and what is to go along. */
  async #writeEnd(ending: Ending, more?: (head: number) => Addition): Promise<Saved> {
    const pending = this.#take(Number.POSITIVE_INFINITY)
    const { turn, events } = endTurn(this.#turn, ending, this.#options.env, this.#saved.answer)
    const { answer, stream } = turn
    await this.#write(pending, stream, (head) => {
      const drafts = [...pending, ...events]
      const added = more?.(head + drafts.length)
      return {
        ...(answer && stream.finishedAt !== null && { activityAt: stream.finishedAt }),
        ...added,
        drafts: [...drafts, ...(added?.drafts ?? [])],
        streams: [stream, ...(added?.streams ?? [])],
        messages: [...(answer ? [answer] : []), ...(added?.messages ?? [])],
      }
    })
    this.#turn = turn
    this.#carried = more !== undefined
    return this.#saved
  }

  /** What cannot be committed is pending again. What is, belongs to what is saved, and `stream` is its row then. */
  async #write(taken: readonly Draft[], stream: StreamRecord, compose: (head: number) => Addition): Promise<void> {
    const { id, generation, lastSeq } = this.#saved.stream
    try {
      const fence = { streamId: id, generation }
      await this.#options.writer.write(
        (head) => ({ ...compose(head), fence }),
        ({ events }) => {
          const mine = events.filter((event) => event.streamId === id)
          const { frame } = this.#turn
          this.#saved = {
            answer: mine.reduce((message, event) => fold(frame, message, event), this.#saved.answer),
            stream: { ...stream, lastSeq: mine.at(-1)?.seq ?? lastSeq },
          }
          this.#lastCommit = performance.now()
        },
      )
    } catch (error) {
      this.#setPending([...taken, ...this.#pending])
      throw error
    }
  }

  /** Pending events up to about so much text, at least one. */
  #take(limit: number): Draft[] {
    let count = 0
    for (let units = 0; count < this.#pending.length && units < limit; count += 1) {
      const draft = this.#pending[count]
      if (draft) units += unitsOf(draft)
    }
    const taken = this.#pending.slice(0, count)
    this.#setPending(this.#pending.slice(count))
    return taken
  }

  #setPending(drafts: Draft[]): void {
    this.#pending = drafts
    this.#pendingUnits = drafts.reduce((units, draft) => units + unitsOf(draft), 0)
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}

/** Somebody else has ended the stream, or removed its session. */
function isOver(error: unknown): boolean {
  if (error instanceof SegueError) return error.code === 'NOT_FOUND'
  return error instanceof StaleGeneration || error instanceof LogConflict
}

function unitsOf(draft: Draft): number {
  return isDeltaDraft(draft) ? deltaText(draft).length : 0
}
