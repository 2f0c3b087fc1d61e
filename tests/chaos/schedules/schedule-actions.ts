import { z } from 'zod'
import type { CancelledState } from '../invariant-checker.ts'
import { InvariantViolation } from '../reader.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { ScheduleClient } from './schedule-client.ts'
import { readRefusal } from './schedule-client.ts'
import * as operations from './schedule-operations.ts'
import { newNoteArguments, noteToolName } from './scripted-answers.ts'
import type { SentMessage } from './sent-message.ts'
import { waitLimitMs } from '../../support/vitest-limits.ts'

/** What a stop returned. */
export interface StoppedState extends CancelledState {
  readonly withdrawnIds: readonly string[]
}

/** Sends what the clients of one schedule do, and keeps what the server has accepted. Each action returns how it ended. */
export class ScheduleActions {
  readonly #random: SeededRandom
  readonly #client: ScheduleClient
  readonly #label: string
  readonly #isOffline: boolean
  readonly messages: SentMessage[] = []
  /** The texts of messages that were refused. */
  readonly refusedTexts: string[] = []
  /** The saved state that stops returned, by stream. */
  readonly stopped = new Map<string, StoppedState>()
  /** The arguments of calls that a person has denied. */
  readonly deniedArguments: string[] = []
  /** Up to when a person has marked the conversation of a session as read, by session: the newest ISO time. */
  readonly readMarks = new Map<string, string>()
  #texts = 0

  /** The label makes the texts of this schedule's messages unlike those of any other one. */
  constructor(random: SeededRandom, client: ScheduleClient, label: string, isOffline: boolean) {
    this.#random = random
    this.#client = client
    this.#label = label
    this.#isOffline = isOffline
  }

  async send(sessionId: string, ifBusy: string): Promise<string> {
    const text = this.#newText()
    const input = { sessionId, text, ifBusy, key: this.#client.newKey() }
    const refusals = ifBusy === 'REJECT' ? ['SESSION_BUSY'] : []
    let sent
    try {
      sent = await this.#client.ask(operations.sendMutation, { input }, operations.sentSchema)
    } catch (error) {
      this.refusedTexts.push(text)
      return readRefusal(error, refusals)
    }
    const { id: streamId, status, userMessage, steered } = sent.startChat
    const joined = steered.find((each) => each.text === text)
    const isOwn = userMessage.text === text
    if (isOwn === (joined !== undefined))
      throw new InvariantViolation(
        `The stream ${streamId} has an accepted message ${isOwn ? 'twice' : 'nowhere'}: ${text}`,
      )
    this.messages.push({
      id: joined?.id ?? userMessage.id,
      sessionId,
      text,
      replacedTexts: [],
      streamId: joined ? null : streamId,
      joinedStreamId: joined ? streamId : null,
      isWithdrawn: false,
    })
    return joined ? 'joined' : status
  }

  async edit(streamId: string): Promise<string> {
    const text = this.#newText()
    const { refusal } = await this.#client.change(operations.editMutation, { streamId, text }, z.unknown(), ['STALE'])
    if (refusal !== null) {
      this.refusedTexts.push(text)
      await this.#requireNotQueued(streamId)
      return refusal
    }
    const message = await this.#findQueuedMessage(streamId)
    message.replacedTexts.push(message.text)
    message.text = text
    return 'edited'
  }

  async move(streamId: string, before: string | null): Promise<string> {
    const variables = { streamId, ...(before !== null && { before }) }
    const { refusal } = await this.#client.change(operations.moveMutation, variables, z.unknown(), ['STALE'])
    if (refusal === null) return 'moved'
    await this.#requireNotQueued(streamId, ...(before === null ? [] : [before]))
    return refusal
  }

  async sendNow(streamId: string): Promise<string> {
    const { refusal } = await this.#client.change(operations.sendNowMutation, { streamId }, z.unknown(), ['STALE'])
    if (refusal === null) return 'sent'
    await this.#requireNotQueued(streamId)
    return refusal
  }

  /** Stops a stream, or takes a queued message back. */
  async stop(streamId: string): Promise<string> {
    const { data } = await this.#client.change(operations.stopMutation, { streamId }, operations.stoppedSchema, [])
    if (data === null) throw new InvariantViolation(`The stream ${streamId} cannot be stopped.`)
    const { outcome, lastSeq, message, withdrawn } = data.cancelStream
    const state = { lastSeq, digest: message?.digest ?? null, withdrawnIds: withdrawn.map(({ id }) => id) }
    const before = this.stopped.get(streamId)
    if (before && JSON.stringify(before) !== JSON.stringify(state))
      throw new InvariantViolation(
        `Stream ${streamId}: a stop returned ${JSON.stringify(state)} after ${JSON.stringify(before)}.`,
      )
    this.stopped.set(streamId, state)
    for (const each of this.messages) if (state.withdrawnIds.includes(each.id)) each.isWithdrawn = true
    return outcome
  }

  /** Takes a message back that has joined an answer. */
  async withdraw(messageId: string): Promise<string> {
    const { refusal } = await this.#client.change(operations.withdrawMutation, { messageId }, z.unknown(), ['STALE'])
    const withdrawn = this.messages.find(({ id }) => id === messageId)
    if (refusal === null) {
      if (withdrawn) withdrawn.isWithdrawn = true
      return 'withdrawn'
    }
    const { steeringStateQuery, steeringStateSchema } = operations
    const isPending = async (): Promise<boolean> =>
      (await this.#client.ask(steeringStateQuery, { id: messageId }, steeringStateSchema)).message.steering.state ===
      'PENDING'
    await requireChange(
      isPending,
      `Message ${messageId} stays PENDING, but withdrawMessage was answered with ${refusal}.`,
    )
    return refusal
  }

  /** Marks the conversation of a session as read up to now. */
  async markRead(sessionId: string): Promise<string> {
    const variables = { id: `cnv_${sessionId}` }
    const { data } = await this.#client.change(operations.markReadMutation, variables, operations.markedSchema, [])
    const { readAt } = data?.markRead ?? { readAt: '' }
    if (readAt < (this.readMarks.get(sessionId) ?? ''))
      throw new InvariantViolation(`Session ${sessionId}: its read mark went back to ${readAt}.`)
    this.readMarks.set(sessionId, readAt)
    return 'marked'
  }

  /** Answers every approval and question that is pending in these sessions. Returns how many it has answered. */
  async decide(sessionIds: readonly string[]): Promise<string> {
    const pending = await this.#client.ask(operations.pendingDecisionsQuery, {}, operations.pendingDecisionsSchema)
    const isOwn = ({ session }: { readonly session: { readonly id: string } }): boolean =>
      sessionIds.includes(session.id)
    let answered = 0
    for (const { id, toolCall } of pending.approvals.filter(isOwn)) {
      const decision = this.#random.pick(['ONCE', 'ONCE', 'DENY'])
      if (!(await this.#answer(operations.approveMutation, { id, decision }))) continue
      answered += 1
      if (decision === 'DENY') this.deniedArguments.push(toolCall.argumentsText)
    }
    for (const { id } of pending.clarifications.filter(isOwn))
      if (await this.#answer(operations.clarifyMutation, { id })) answered += 1
    return `answered ${answered}`
  }

  async #answer(mutation: string, variables: { readonly id: string; readonly decision?: string }): Promise<boolean> {
    const { refusal } = await this.#client.change(mutation, variables, z.unknown(), ['STALE'])
    if (refusal === null) return true
    const { decisionStateQuery, decisionStateSchema } = operations
    const isPending = async (): Promise<boolean> =>
      (await this.#client.ask(decisionStateQuery, { id: variables.id }, decisionStateSchema)).node.state === 'PENDING'
    await requireChange(isPending, `${variables.id} stays PENDING, but its answer was refused with ${refusal}.`)
    return false
  }

  /** Verifies that one of the streams is not queued any more, after the server has said so. */
  async #requireNotQueued(...streamIds: readonly string[]): Promise<void> {
    const { streamStateQuery, streamStateResultSchema } = operations
    const areAllQueued = async (): Promise<boolean> => {
      for (const id of streamIds) {
        const { stream } = await this.#client.ask(streamStateQuery, { id }, streamStateResultSchema)
        if (stream.status !== 'QUEUED') return false
      }
      return true
    }
    await requireChange(
      areAllQueued,
      `A change of the queue was STALE, but all of ${streamIds.join(', ')} stay queued.`,
    )
  }

  /** The message that a queued stream answers, also one that has joined another answer before. */
  async #findQueuedMessage(id: string): Promise<SentMessage> {
    const { stream } = await this.#client.ask(operations.userMessageQuery, { id }, operations.userMessageSchema)
    const message = this.messages.find((each) => each.id === stream.userMessage.id)
    if (!message) throw new InvariantViolation(`Stream ${id} has a message that nobody has sent.`)
    return message
  }

  #newText(): string {
    this.#texts += 1
    const text = `message ${this.#label}-${this.#texts}.`
    if (!this.#isOffline || this.#random.chance(0.5)) return `${text} I feel well today.`
    const note = newNoteArguments()
    return this.#random.chance(0.7) ? `/tool ${noteToolName} ${note}\n${text}` : `/ask ${text} Is it so? | yes | no`
  }
}

/** STALE may come before what it tells of is committed; it is a violation if that never is. */
async function requireChange(isUnchanged: () => Promise<boolean>, violation: string): Promise<void> {
  const deadline = performance.now() + waitLimitMs
  while (await isUnchanged()) if (performance.now() > deadline) throw new InvariantViolation(violation)
}
