import { estimateTextsInSteps } from '../../agent/tokens/estimate-text-tokens.ts'
import { noToolImageSupport } from '../../agent/models/content-support/image-support.ts'
import { takePage } from '../../storage/keyset-pagination.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { SessionContextRecords } from '../../sessions/session-context.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { type MessageFileRepresentation, MessageFileResolver } from './files/message-file-resolver.ts'
import { FileConverter } from '../../lib/file-conversion/file-converter.ts'
import { DerivedFileCache } from './files/derived-file-cache.ts'
import { MessageImageFitter } from './files/message-image-fitter.ts'
import { PdfResolver } from './files/pdf-resolver.ts'
import { ToolImageLoader } from './files/tool-image-loader.ts'
import { type ModelContextTarget, SessionModelContext } from './session-model-context.ts'
import type { ForeignAnswers } from './streaming/foreign-answers.ts'
import type { StreamingAnswer, StreamingAnswerLookup } from './streaming/streaming-answer-lookup.ts'
import {
  noProfileInstructions,
  type ProfileInstructionsSource,
  SessionInstructions,
} from './instructions/session-instructions.ts'
import { loadPartsFromLog } from '../log/load-parts-from-log.ts'

export interface ModelContextOptions {
  /** Default: bytes. */
  readonly fileForm?: MessageFileRepresentation
  /** The session's context, if it has just been read. */
  readonly records?: SessionContextRecords | null
}

export interface ProfileMessageReaderOptions {
  /** Of sessions that have none of their own. Default: none. */
  readonly profileInstructions?: ProfileInstructionsSource
  /** What models are sent of files. Default: a cache of its own. */
  readonly derivedFiles?: DerivedFileCache
  /** What streams in other processes, as of now. Default: nothing does. */
  readonly openForeignAnswers?: () => ForeignAnswers | null
}

/** Reads the messages of a profile: those that are stored, and the answers that are streaming. */
export class ProfileMessageReader {
  /** The instructions that are in force. */
  readonly instructions: SessionInstructions
  readonly #profile: ProfileStorage
  readonly #sessions: CombinedSessionRepository
  readonly #streamingAnswers: StreamingAnswerLookup
  readonly #openForeignAnswers: () => ForeignAnswers | null
  readonly #derivedFiles: DerivedFileCache

  constructor(
    profile: ProfileStorage,
    sessions: CombinedSessionRepository,
    streamingAnswers: StreamingAnswerLookup,
    {
      profileInstructions = noProfileInstructions,
      derivedFiles = new DerivedFileCache(new FileConverter()),
      openForeignAnswers = () => null,
    }: ProfileMessageReaderOptions = {},
  ) {
    this.#openForeignAnswers = openForeignAnswers
    this.#derivedFiles = derivedFiles
    this.instructions = new SessionInstructions(sessions, profileInstructions)
    this.#profile = profile
    this.#sessions = sessions
    this.#streamingAnswers = streamingAnswers
  }

  /** The answer that is streaming in a session in this process, as far as it is committed. */
  findStreamingMessage(sessionId: string): MessageRecord | null {
    return this.#streamingAnswers.findCommittedState(sessionId)?.answer ?? null
  }

  /** The answer that is streaming in a session in any process, as far as it is committed. */
  async loadStreamingMessage(sessionId: string): Promise<MessageRecord | null> {
    const answer = this.findStreamingMessage(sessionId)
    return answer ?? (await this.#openForeignAnswers()?.findBySession(sessionId))?.answer ?? null
  }

  /** A stream that runs in another process, and its answer, as far as they are committed. */
  async findForeignAnswer(
    target: { readonly sessionId: string } | { readonly streamId: string },
  ): Promise<StreamingAnswer | null> {
    const foreign = this.#openForeignAnswers()
    const found =
      'sessionId' in target ? foreign?.findBySession(target.sessionId) : foreign?.findByStream(target.streamId)
    return (await found) ?? null
  }

  /** A message by id, stored or streaming. */
  async findMessage(id: string): Promise<MessageRecord | null> {
    const streaming = this.#streamingAnswers.findStreamingMessage(id)
    if (streaming) return streaming
    // It may be stored meanwhile.
    return (await this.#openForeignAnswers()?.findMessage(id)) ?? this.findStoredMessage(id)
  }

  /** Messages by id, stored or streaming. An unknown id is left out. */
  async findMessages(ids: readonly string[]): Promise<Map<string, MessageRecord>> {
    const foreign = this.#openForeignAnswers()
    const found: MessageRecord[] = []
    for (const id of ids) {
      const answer = this.#streamingAnswers.findStreamingMessage(id) ?? (await foreign?.findMessage(id))
      if (answer) found.push(answer)
    }
    const streamingIds = new Set(found.map(({ id }) => id))
    const stored = await this.#sessions.findMessages(ids.filter((id) => !streamingIds.has(id)))
    return new Map([...found, ...(await this.#rehydrateAll(stored))].map((message) => [message.id, message]))
  }

  /** The assistant's message of a stream, streaming or stored. Null if the stream has produced nothing. */
  async findAnswer(streamId: string): Promise<MessageRecord | null> {
    return (await this.findAnswers([streamId])).get(streamId) ?? null
  }

  /** The assistant's messages of these streams, by the stream's id. A stream that produced nothing is left out. */
  async findAnswers(streamIds: readonly string[]): Promise<Map<string, MessageRecord>> {
    const answers = new Map<string, MessageRecord>()
    const otherIds: string[] = []
    const foreign = this.#openForeignAnswers()
    for (const id of streamIds) {
      const committed = this.#streamingAnswers.findCommittedStateOfStream(id) ?? (await foreign?.findByStream(id))
      if (committed?.answer) answers.set(id, committed.answer)
      if (!committed) otherIds.push(id)
    }
    const streams = await this.#profile.eventStore.findStreams(otherIds)
    const messages = await this.#sessions.findMessages(streams.flatMap(({ messageId }) => messageId ?? []))
    const stored = new Map((await this.#rehydrateAll(messages)).map((message) => [message.id, message]))
    for (const { id, messageId } of streams) {
      const answer = messageId === null ? undefined : stored.get(messageId)
      if (answer) answers.set(id, answer)
    }
    return answers
  }

  /** A page of a session's messages by position, the streaming answer included. */
  async loadPage(session: SessionRecord, page: PageRequest<number>): Promise<MessageRecord[]> {
    const answer = await this.loadStreamingMessage(session.id)
    const stored = await this.#rehydrateAll(await this.#sessions.listMessages(session, page))
    return answer ? insertAnswer(stored, answer, page) : stored
  }

  /** A stored message by id, with its parts. */
  async findStoredMessage(id: string): Promise<MessageRecord | null> {
    const message = await this.#sessions.findMessage(id)
    return message && loadPartsFromLog(message, this.#profile.eventStore)
  }

  /** What the model knows when the session's next turn starts. */
  async loadContext(session: SessionRecord): Promise<SessionContextRecords> {
    return this.#completeContext(await this.#sessions.loadContext(session))
  }

  /** The same without checkpoints: it begins with a summary only if people see it as a message. */
  async loadContextWithoutCheckpoints(session: SessionRecord): Promise<SessionContextRecords> {
    return this.#completeContext(await this.#sessions.loadContextWithoutCheckpoints(session))
  }

  /** Adds the parts that only the log has. Its tokens are estimated several times, each time all at once. */
  async #completeContext(context: SessionContextRecords): Promise<SessionContextRecords> {
    const messages = await this.#rehydrateAll(context.messages)
    await estimateTextsInSteps(
      messages.flatMap(({ parts }) => parts.flatMap((part) => ('text' in part ? part.text : []))),
    )
    return { ...context, messages }
  }

  /** Starts to read the session's context for a model. Null: for no provider in particular, and whole. */
  openModelContext(
    session: SessionRecord,
    model: ModelContextTarget | null,
    { fileForm = 'bytes', records = null }: ModelContextOptions = {},
  ): SessionModelContext {
    const { toolImages = noToolImageSupport } = model ?? {}
    const { blobs } = this.#profile
    const isBounded = Number.isFinite(model?.contextWindow ?? Number.POSITIVE_INFINITY)
    const fileTokens = isBounded ? new Map<unknown, number>() : null
    const imageTokens = fileForm === 'url' ? fileTokens : null
    const derivedFiles = this.#derivedFiles
    const imageFitting = fileForm === 'bytes' && model?.dialect ? { derivedFiles, limits: model.dialect.images } : null
    return new SessionModelContext({
      loadInstructions: () => this.instructions.findCurrent(session.id),
      load: async () => records ?? this.loadContext(session),
      model,
      fileResolver: new MessageFileResolver(blobs, fileForm, imageTokens),
      pdfResolver: new PdfResolver({ blobs, derivedFiles, support: model?.pdfs ?? null, fileTokens }),
      imageLoader: new ToolImageLoader(blobs, toolImages, { form: fileForm, imageTokens, imageFitting }),
      imageFitter: imageFitting && new MessageImageFitter(imageFitting),
      imageTokens: fileTokens,
    })
  }

  async #rehydrateAll(messages: readonly MessageRecord[]): Promise<MessageRecord[]> {
    const rehydrated: MessageRecord[] = []
    for (const message of messages)
      rehydrated.push(message.inLog ? await loadPartsFromLog(message, this.#profile.eventStore) : message)
    return rehydrated
  }
}

/**
 * Puts the streaming answer at its place in a page of stored messages. It is not always the last message: a message
 * that was withdrawn while the answer streams has a higher position.
 */
function insertAnswer(
  stored: readonly MessageRecord[],
  answer: MessageRecord,
  page: PageRequest<number>,
): MessageRecord[] {
  const position = getPosition(answer)
  const isInPage = (page.after === null || position > page.after) && (page.before === null || position < page.before)
  if (!isInPage) return [...stored]
  // It may have been stored while the page was read. It is shown as of the same moment as elsewhere.
  const others = stored.filter(({ id }) => id !== answer.id)
  return takePage(
    [...others, answer].toSorted((a, b) => getPosition(a) - getPosition(b)),
    page,
  )
}

function getPosition({ position }: MessageRecord): number {
  return position ?? 0
}
