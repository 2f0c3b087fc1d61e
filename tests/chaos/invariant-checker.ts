import { z } from 'zod'
import { findContinuation } from './chaos-client.ts'
import * as operations from './operations.ts'
import { type ChaosReader, InvariantViolation } from './reader.ts'
import {
  storedDecisionSchema,
  storedLogSchema,
  storedSessionSchema,
  storedStreamSchema,
  type StoredStream,
} from './stored-state.ts'

/** The saved state that a cancel returned. */
export interface CancelledState {
  readonly lastSeq: number
  readonly digest: string | null
}

/** A decision that several requests have answered at the same moment. */
export interface RacedDecision {
  readonly id: string
  /** The answer that was accepted. Null if a client was told so of none. */
  readonly winner: string | null
  /** The answers to which there was no response: one of them may have been accepted. */
  readonly lost: readonly string[]
}

/** Sends an operation, and returns its data. */
export interface GraphQLRequester {
  ask<T>(query: string, variables: object, schema: z.ZodType<T>): Promise<T>
}

/** Compares what clients have received with what a server has stored. Each method throws `InvariantViolation`. */
export class InvariantChecker {
  readonly #client: GraphQLRequester

  constructor(client: GraphQLRequester) {
    this.#client = client
  }

  /**
   * Verifies that a stream has ended, and that its readers and cancels have received what is stored. Returns the stream.
   */
  async verifyStream(
    id: string,
    readers: readonly ChaosReader[],
    cancelled: CancelledState | undefined,
  ): Promise<StoredStream> {
    const { stream } = await this.#client.ask(operations.streamQuery, { id }, z.object({ stream: storedStreamSchema }))
    const label = `Stream ${stream.id} (${stream.status})`
    if (!['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED'].includes(stream.status))
      throw new InvariantViolation(`${label} has not ended.`)
    if (stream.error?.code === 'CONTEXT_LENGTH') throw new InvariantViolation(`${label} was too long.`)
    const digest = stream.message?.digest ?? null
    if (cancelled && (cancelled.digest !== digest || cancelled.lastSeq !== stream.lastSeq)) {
      throw new InvariantViolation(
        `${label}: cancel returned ${JSON.stringify(cancelled)}, but ${digest} at ${stream.lastSeq} is stored.`,
      )
    }
    for (const reader of readers.filter(({ streamId }) => streamId === stream.id)) {
      if (!reader.end) throw new InvariantViolation(`${label}: a reader stopped at ${reader.cursor}.`)
      if (reader.cursor !== stream.lastSeq)
        throw new InvariantViolation(`${label}: a reader ended at ${reader.cursor}.`)
      const folded = reader.message.isEmpty ? null : reader.message.digest
      if (folded !== digest)
        throw new InvariantViolation(`${label}: a reader computed the digest ${folded}, but ${digest} is stored.`)
    }
    return stream
  }

  /**
   * Verifies that seqs ascend, that every stream ends once, and that a continued session has no event after its end. Returns
   * the ids of the streams that have ended.
   */
  async verifyLog(sessionId: string, isContinued: boolean): Promise<ReadonlySet<string>> {
    const ends = new Map<string, number>()
    let after = 0
    let last = ''
    for (;;) {
      const { events } = await this.#client.ask(operations.logQuery, { id: sessionId, after }, storedLogSchema)
      for (const { type, seq, streamId } of events) {
        if (seq <= after) throw new InvariantViolation(`Session ${sessionId}: seq ${seq} follows ${after}.`)
        if (last === 'SessionContinued')
          throw new InvariantViolation(`Session ${sessionId}: ${type} follows SessionContinued.`)
        after = seq
        last = type
        if (type === 'StreamFinished' && streamId) ends.set(streamId, (ends.get(streamId) ?? 0) + 1)
      }
      if (events.length === 0) break
    }
    for (const [streamId, count] of ends)
      if (count !== 1) throw new InvariantViolation(`Stream ${streamId} ended ${count} times.`)
    if (isContinued && last !== 'SessionContinued')
      throw new InvariantViolation(`Session ${sessionId} has a continuation, but its log ends with ${last}.`)
    return new Set(ends.keys())
  }

  /**
   * Verifies that a session has each of the given messages once, and that its model would be sent what it was sent before: a
   * summary where there is one, or messages.
   */
  async verifySession(id: string, expectedTexts: readonly string[]): Promise<void> {
    const { session } = await this.#client.ask(operations.sessionQuery, { id }, storedSessionSchema)
    const messages = session.messages.edges.map(({ node }) => node)
    const texts = messages.flatMap(({ role, text }) => (role === 'USER' ? [text] : []))
    if (new Set(texts).size < texts.length) throw new InvariantViolation(`Session ${id} has a message twice.`)
    const missing = expectedTexts.filter((text) => !texts.includes(text))
    if (missing.length > 0) throw new InvariantViolation(`Session ${id} lacks messages: ${missing.join(', ')}`)
    if (session.lineageRoot.id !== session.conversation.root.id)
      throw new InvariantViolation(`Session ${id}: its conversation has another root.`)
    const lonely = messages.filter(({ id: own, alternatives }) => !alternatives.some((each) => each.id === own))
    if (lonely.length > 0) throw new InvariantViolation(`Session ${id}: a message is not among its alternatives.`)
    const summaries = messages.filter(({ kind }) => kind === 'SUMMARY')
    if (summaries.length > 1) throw new InvariantViolation(`Session ${id} has ${summaries.length} summaries.`)
    // Nothing is sent from a session that has ended.
    if (session.endedAt !== null) return
    if (session.modelContext === null) throw new InvariantViolation(`Session ${id}: its context cannot be read.`)
    const first = session.modelContext.find(({ role }) => role !== 'system')
    const beginsWithSummary = JSON.stringify(first?.content ?? '').includes('This chat goes on from an earlier one.')
    const isEmpty = first === undefined && messages.every(({ status }) => status === 'WITHDRAWN')
    if ((first?.role !== 'user' && !isEmpty) || (summaries.length > 0 && !beginsWithSummary))
      throw new InvariantViolation(`Session ${id}: its context begins with ${JSON.stringify(first)}.`)
  }

  /** Verifies that a decision is resolved, by the answer that was accepted if there was one, and by none that was refused. */
  async verifyDecision({ id, winner, lost }: RacedDecision): Promise<void> {
    const { node } = await this.#client.ask(operations.decisionQuery, { id }, storedDecisionSchema)
    const answer = node.answer ?? node.text ?? null
    const accepted = winner === null ? [null, ...lost] : [winner]
    if (node.state === 'PENDING' || (node.state === 'ANSWERED') !== (answer !== null) || !accepted.includes(answer))
      throw new InvariantViolation(
        `Decision ${id} is ${node.state} with ${answer}, but ${winner ?? 'nothing'} was accepted.`,
      )
  }

  /** Verifies that the session, or its continuation, accepts another message. */
  async verifyUsable(sessionId: string): Promise<void> {
    // It may be summarised at this moment, which does not make it busy.
    const input = {
      sessionId,
      text: 'are you there?',
      model: operations.offlineModel,
      ifBusy: 'REJECT',
      key: `usable ${sessionId}`,
    }
    const schema = z.object({ startChat: z.object({ id: z.string() }) })
    const tipId = await this.#client.ask(operations.startMutation, { input }, schema).then(
      async ({ startChat }) => {
        await this.#client.ask(operations.cancelMutation, { id: startChat.id }, z.unknown())
        return null
      },
      (error: unknown) => {
        const tip = findContinuation(error)
        if (tip === null) throw error
        return tip
      },
    )
    if (tipId !== null) await this.verifyUsable(tipId)
  }
}
