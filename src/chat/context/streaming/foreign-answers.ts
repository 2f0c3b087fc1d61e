import type { MessageRecord } from '../../../model/message.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { CombinedSessionRepository } from '../../../sessions/combined-session-repository.ts'
import type { ProfileStorage } from '../../../storage/profile-storage.ts'
import { createTurnState } from '../../turn/turn.ts'
import { replayTurn } from './replay-turn.ts'
import type { StreamingAnswer } from './streaming-answer-lookup.ts'

export interface ForeignAnswersOptions {
  readonly profile: Pick<ProfileStorage, 'commands' | 'eventStore'>
  readonly sessions: Pick<CombinedSessionRepository, 'findMessage' | 'findMessages'>
  /** Whether a stream runs in this process. */
  readonly runsHere: (streamId: string) => boolean
}

/**
 * The answers that stream in other processes, as far as they are committed: folded from the log. Everything is read once, and
 * belongs together: no seq of a stream is newer than the text of its answer.
 */
export class ForeignAnswers {
  readonly #options: ForeignAnswersOptions
  #streams: Promise<StreamRecord[]> | null = null
  readonly #answers = new Map<string, Promise<StreamingAnswer | null>>()

  private constructor(options: ForeignAnswersOptions) {
    this.#options = options
  }

  /** What streams as of now. Null where a home belongs to one process. */
  static open(options: ForeignAnswersOptions): ForeignAnswers | null {
    return options.profile.commands ? new ForeignAnswers(options) : null
  }

  /** The unfinished streams of other processes: by session; the queued ones in the order of their queue. */
  listStreams(): Promise<StreamRecord[]> {
    const { profile, runsHere } = this.#options
    return (this.#streams ??= profile.eventStore
      .listUnfinishedStreams()
      .then((streams) => streams.filter(({ id }) => !runsHere(id))))
  }

  findBySession(sessionId: string): Promise<StreamingAnswer | null> {
    return this.#find((stream) => stream.sessionId === sessionId)
  }

  findByStream(streamId: string): Promise<StreamingAnswer | null> {
    return this.#find(({ id }) => id === streamId)
  }

  async findMessage(messageId: string): Promise<MessageRecord | null> {
    return (await this.#find((stream) => stream.messageId === messageId))?.answer ?? null
  }

  /** The answers in these turns. */
  async listMessagesOfTurns(turnIds: ReadonlySet<string>): Promise<MessageRecord[]> {
    const streams = (await this.listStreams()).filter((stream) => isRunning(stream) && stream.messageId !== null)
    if (streams.length === 0) return []
    const userMessages = await this.#options.sessions.findMessages(streams.map(({ userMessageId }) => userMessageId))
    const ofTurns = userMessages.filter(({ turnId }) => turnId !== undefined && turnIds.has(turnId))
    const userMessageIds = new Set(ofTurns.map(({ id }) => id))
    const found = streams.filter(({ userMessageId }) => userMessageIds.has(userMessageId))
    const answers = await Promise.all(found.map((stream) => this.#load(stream)))
    return answers.flatMap((each) => each?.answer ?? [])
  }

  /** Those streams, if they were read already; none otherwise. */
  async listReadStreams(): Promise<StreamRecord[]> {
    return (await this.#streams) ?? []
  }

  /** The seq up to which the answer of a session was read; null if it was not. */
  async findReadSeq(sessionId: string): Promise<number | null> {
    const stream = (await this.#streams)?.find((each) => isRunning(each) && each.sessionId === sessionId)
    return (stream && (await this.#answers.get(stream.id))?.stream.lastSeq) ?? null
  }

  async #find(matches: (stream: StreamRecord) => boolean): Promise<StreamingAnswer | null> {
    const stream = (await this.listStreams()).find((each) => isRunning(each) && matches(each))
    return stream ? this.#load(stream) : null
  }

  #load(stream: StreamRecord): Promise<StreamingAnswer | null> {
    const known = this.#answers.get(stream.id) ?? this.#fold(stream)
    this.#answers.set(stream.id, known)
    return known
  }

  /** Null if the stream has ended meanwhile: its answer is stored. */
  async #fold(stream: StreamRecord): Promise<StreamingAnswer | null> {
    const { profile, sessions } = this.#options
    const { eventStore: store } = profile
    const userMessage = await sessions.findMessage(stream.userMessageId)
    if (!userMessage) return null
    const steered = await store.listSteeredMessages([stream.id])
    const { turn, lastSeq, isFinished } = await replayTurn(createTurnState(stream, userMessage, null, steered), store)
    return isFinished ? null : { stream: { ...stream, lastSeq }, answer: turn.answer }
  }
}

const isRunning = ({ status }: StreamRecord): boolean => status !== 'QUEUED'
