import { cutList } from '../../lib/lists/cut-list.ts'
import { createIdNotFoundError, SegueError } from '../../lib/errors.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { ChangedDecision, DecisionStore } from '../../storage/decisions/decision-store.ts'
import { type ChangedRecord, type ChangeFeed, type ChangeSource, followChanges } from '../../storage/follow-changes.ts'
import type { ApprovalDecision, ApprovalRecord, ClarificationRecord, DecisionRecord } from '../../model/decision.ts'
import type { ChangeNotifier } from '../../storage/change-notifier.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { compareUtf8 } from '../../lib/text/compare-utf8.ts'
import { createAbortOnReturnIterator } from '../../lib/async/iterables/abort-on-return-iterator.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import type { CommandForwarder } from '../forwarding/command-forwarder.ts'
import type { DecisionCommand } from './decision-command.ts'
import type { StreamRunner } from '../streaming/stream-runner.ts'
import { ignoreForeignEnd } from '../streaming/is-stream-already-ended.ts'
import { withTimeout } from '../../lib/async/with-timeout.ts'
import {
  type ApprovalAnswerDetails,
  assertToolArgumentsAllowed,
  parseApprovalAnswer,
  type ClarificationAnswerRequest,
  parseClarificationAnswer,
} from './decision-answer.ts'

export interface DecisionServiceOptions {
  readonly store: DecisionStore
  readonly activeSessions: ActiveSessions
  readonly runtime: Pick<ClockAndIds, 'now'>
  /** Notifies after each commit that changes a decision. */
  readonly notifier: ChangeNotifier
  /** How long an answer may wait for its commit, in milliseconds. */
  readonly commitTimeoutMs: number
  readonly forwarder: Pick<CommandForwarder, 'forward'>
}

type DecisionKind = DecisionRecord['kind']
type RecordOf<K extends DecisionKind> = Extract<DecisionRecord, { readonly kind: K }>

const maxListed = 1000 // decisions
const pageSize = 100 // decisions per read
const defaultResolvedSpanMs = 3_600_000 // an hour

/** The approvals and clarifications of a profile. Each is resolved once. */
export class DecisionService {
  readonly #options: DecisionServiceOptions

  constructor(options: DecisionServiceOptions) {
    this.#options = options
  }

  /**
   * Answers an approval. With SESSION and ALWAYS, also answers the other waiting approvals that the decision covers, in one
   * transaction; those of other processes, right after it. A stream that another process has ended fails alone. Throws
   * BAD_USER_INPUT for arguments that the tool does not take; NOT_FOUND; STALE if the approval is not pending.
   */
  async answerApproval(
    id: string,
    decision: ApprovalDecision,
    details: ApprovalAnswerDetails = {},
    idempotencyKey: IdempotencyKey | null = null,
  ): Promise<ApprovalRecord> {
    const answer = parseApprovalAnswer(decision, details)
    const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey)
    const command = { name: 'answerApproval', id, decision, details, key: idempotencyKey } as const
    return this.#resolve('approval', command, ({ decisions }) => {
      const schema = decisions.findInputSchema(id)
      if (schema && answer.arguments) assertToolArgumentsAllowed(schema, answer.arguments)
      if (decision !== 'SESSION' && decision !== 'ALWAYS') return decisions.resolve(id, answer, key)
      const runners = this.#options.activeSessions.list().flatMap(({ activeRunner }) => activeRunner ?? [])
      return decisions.resolveWithCovered(
        id,
        answer,
        runners.map((runner) => runner.decisions),
        key,
      )
    })
  }

  /**
   * Answers a question, fills in its form, or declines. Throws BAD_USER_INPUT for an answer that is blank, too long, not the
   * kind that the question asks for, or not allowed by its form; NOT_FOUND; STALE if the clarification is not pending.
   */
  async answerClarification(
    id: string,
    request: ClarificationAnswerRequest,
    idempotencyKey: IdempotencyKey | null = null,
  ): Promise<ClarificationRecord> {
    const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey)
    const command = { name: 'answerClarification', id, request, key: idempotencyKey } as const
    return this.#resolve('clarification', command, ({ decisions }, { form = null }) =>
      decisions.resolve(id, parseClarificationAnswer(request, form), key),
    )
  }

  /**
   * Resolves the waiting approvals that a rule allows. Call it when another process has added one: its answer, SESSION or
   * ALWAYS, covers what waits here as well.
   */
  async resolveAllowed(): Promise<void> {
    const runners = this.#options.activeSessions.list().flatMap(({ activeRunner }) => activeRunner ?? [])
    await Promise.all(runners.map((runner) => runner.decisions.resolveAllowed().catch(ignoreForeignEnd)))
  }

  async find(id: string): Promise<DecisionRecord | null> {
    return this.#options.store.findDecision(id)
  }

  /** Decisions in the order of `ids`; null for an unknown one. */
  async findMany(ids: readonly string[]): Promise<(DecisionRecord | null)[]> {
    const found = new Map((await this.#options.store.findDecisions(ids)).map((decision) => [decision.id, decision]))
    return ids.map((id) => found.get(id) ?? null)
  }

  /** The decisions about each tool call, oldest first, in the order of `toolCallIds`. */
  async findByToolCall(toolCallIds: readonly string[]): Promise<DecisionRecord[][]> {
    const decisions = await this.#options.store.findDecisionsOfToolCalls(toolCallIds)
    const byToolCall = Map.groupBy(decisions.toSorted(compareByRequest), ({ toolCall }) => toolCall.id)
    return toolCallIds.map((id) => byToolCall.get(id) ?? [])
  }

  /** The newest 1,000 decisions: all of them, or only those that are or are not pending. */
  async list<K extends DecisionKind>(
    kind: K,
    filter: { readonly isPending?: boolean },
  ): Promise<readonly RecordOf<K>[]> {
    const limit = maxListed + 1
    const changes = await this.#options.store.listDecisions({ ...filter, kind, limit, preferLatest: true })
    const decisions = changes.map(({ decision }) => decision).filter((decision) => isKind(kind, decision))
    return cutList(decisions, maxListed, 'last')
  }

  /** The pending decisions of each session, oldest first, in the order of `sessionIds`. */
  async findPendingBySession<K extends DecisionKind>(kind: K, sessionIds: readonly string[]): Promise<RecordOf<K>[][]> {
    // The number of pending decisions is bounded by the limit of concurrent streams.
    const limit = Number.MAX_SAFE_INTEGER
    const changes = await this.#options.store.listDecisions({ kind, sessionIds, isPending: true, limit })
    const bySession = Map.groupBy(
      changes.map(({ decision }) => decision).filter((decision) => isKind(kind, decision)),
      ({ sessionId }) => sessionId,
    )
    return sessionIds.map((id) => bySession.get(id) ?? [])
  }

  /**
   * All pending decisions, then the newest 1,000 of those that were resolved after `resolvedAfter` (epoch milliseconds;
   * null: an hour ago), oldest first, then each one that changes, with its state at that time. Ends when the profile closes.
   */
  subscribe<K extends DecisionKind>(kind: K, resolvedAfter: number | null = null): AsyncIterableIterator<RecordOf<K>> {
    const feed = this.#createFeed(kind, resolvedAfter ?? this.#options.runtime.now() - defaultResolvedSpanMs)
    return createAbortOnReturnIterator((signal) => followChanges(feed, signal))
  }

  #createFeed<K extends DecisionKind>(kind: K, resolvedAfter: number): ChangeFeed<RecordOf<K>> {
    const { store, notifier } = this.#options
    const toRecords = (changes: readonly ChangedDecision[]): ChangedRecord<RecordOf<K>>[] =>
      changes.flatMap(({ changeSeq, decision }) => (isKind(kind, decision) ? [{ changeSeq, record: decision }] : []))
    const source: ChangeSource<RecordOf<K>> = {
      loadLatestChangeSeq: () => store.loadLatestChangeSeq(),
      async *listOpen() {
        for (let afterChangeSeq = 0; ;) {
          const pending = await store.listDecisions({ kind, isPending: true, afterChangeSeq, limit: pageSize })
          yield* toRecords(pending)
          afterChangeSeq = pending.at(-1)?.changeSeq ?? afterChangeSeq
          if (pending.length < pageSize) return
        }
      },
      listSettled: async () => toRecords(await store.listResolvedDecisions({ kind, resolvedAfter, limit: maxListed })),
      listChanged: async (afterChangeSeq) =>
        toRecords(await store.listDecisions({ kind, afterChangeSeq, limit: pageSize })),
    }
    return { notifier, sources: [source] }
  }

  /** Resolves a pending decision by `resolve`, which returns null if it is not pending any more. */
  async #resolve<K extends DecisionKind>(
    kind: K,
    command: DecisionCommand,
    resolve: (runner: StreamRunner, decision: RecordOf<K>) => Promise<DecisionRecord | null>,
  ): Promise<RecordOf<K>> {
    const { id } = command
    const { forwarder, store } = this.#options
    const decision = await store.findDecision(id)
    if (!decision || !isKind(kind, decision)) throw createIdNotFoundError(kind, id)
    // Another process may have ended its stream, which runs here until that is known here.
    if (decision.state !== 'PENDING') throw createResolvedError(kind)
    const runner = this.#options.activeSessions.findByStream(decision.streamId)?.activeRunner
    const timeoutMessage = 'The answer has not been saved yet. Segue keeps trying.'
    const resolvedDecision = runner
      ? await withTimeout(this.#options.commitTimeoutMs, timeoutMessage, async () => resolve(runner, decision)).catch(
          ignoreForeignEnd,
        )
      : null
    if (resolvedDecision && isKind(kind, resolvedDecision)) return resolvedDecision
    const isForwarded = runner ? null : await forwarder.forward({ streamId: decision.streamId }, command)
    const answered = isForwarded && (await store.findDecision(id))
    if (answered && isKind(kind, answered)) return answered
    throw createResolvedError(kind)
  }
}

function createResolvedError(kind: DecisionKind): SegueError {
  return new SegueError('STALE', `This ${kind} has already been resolved.`)
}

function compareByRequest(a: DecisionRecord, b: DecisionRecord): number {
  return a.requestedAt - b.requestedAt || compareUtf8(a.id, b.id)
}

function isKind<K extends DecisionKind>(kind: K, decision: DecisionRecord): decision is RecordOf<K> {
  return decision.kind === kind
}
