import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Agent, AgentEvent, AgentRun, Writer } from '../../src/agent/agent.ts'
import type { FoundModel } from '../../src/agent/models/model-registry.ts'
import { Chats } from '../../src/chat/chat-service.ts'
import type { ChatRequest } from '../../src/chat/requests/chat-request.ts'
import { openProfile, type Profile } from '../../src/services/profile-stores.ts'
import { Sessions } from '../../src/sessions/session-repository.ts'
import type { ChatStore, EventRange, LogWrite, NewSession } from '../../src/storage/event-store.ts'
import type { ChatEvent, Delivered, MessageRecord, SessionRecord, StreamRecord } from '../../src/model/records.ts'
import { chatRequest } from './chat-request.ts'
import { storeAround } from './chat-store.ts'
import { foundModel, noWriter } from './found-model.ts'
import { HermesDb } from './hermes-db.ts'
import { newHome } from './segue.ts'

export type Answer = (run: AgentRun) => AsyncIterable<AgentEvent>

/** Stands between the chats and their storage. What a hook throws, the storage throws, with nothing done. */
export interface StoreHooks {
  /** Before something is committed. */
  append?: (write: LogWrite) => Promise<void> | void
  /** After something was committed: what throws here has been done all the same. */
  appended?: (write: LogWrite) => Promise<void> | void
  /** Before a session is made beside any log. */
  create?: (start: NewSession) => Promise<void> | void
  /** After events were read, before they are handed out. */
  read?: (range: EventRange, events: readonly ChatEvent[]) => Promise<void> | void
  /** After it was looked where a log ends, before that is told. */
  looked?: (head: number | null) => Promise<void> | void
  /** Before a merged event takes the place of its last piece. */
  replace?: (event: ChatEvent) => Promise<void> | void
  /** Before merged events are removed. */
  remove?: (seqs: readonly number[]) => Promise<void> | void
}

/** What stands around the agents. */
export interface AgentChatsOptions {
  /** Writes the summaries and the titles; what it lacks is not to be asked for. */
  readonly writer?: Partial<Writer>
  /** How many tokens the model's context holds; infinitely many by default. */
  readonly window?: number
  readonly compactAt?: number
  readonly titles?: boolean
  /** How long calls wait for a storage that cannot save, in milliseconds; as in production by default. */
  readonly patience?: number
  /** Goes before a model is found, which may take its time or fail. */
  readonly finding?: (id: string | null) => Promise<void> | void
  /** Fills the state.db of a Hermes agent; without it there is none. */
  readonly hermes?: (db: HermesDb) => void
}

export interface AgentChats extends AsyncDisposable {
  readonly home: string
  readonly chats: Chats
  readonly sessions: Sessions
  readonly profile: Profile
  readonly hooks: StoreHooks
  /** What went wrong that nobody was told. */
  readonly problems: unknown[]
  start(text: string, request?: Partial<ChatRequest>): Promise<StreamRecord>
  /** The stored message of a stream. */
  answerOf(streamId: string): Promise<MessageRecord | null>
  /** The session as it is stored. Fails when there is none. */
  session(id: string): Promise<SessionRecord>
  /** Every stored event of a session. */
  log(sessionId: string): Promise<ChatEvent[]>
  /** Follows a stream to its end; everything that was told. */
  follow(streamId: string, after?: number): Promise<Delivered[]>
}

/**
 * The chats of a profile in a new home, with real SQLite, and in the place of models the agents that a test scripts:
 * each stream is answered by the next of them, the last one answers all that come after it.
 */
export function newAgentChats(...answers: readonly Answer[]): AgentChats {
  return newAgentChatsWith({}, ...answers)
}

/** The same, with what else a test has a say in. */
export function newAgentChatsWith(options: AgentChatsOptions, ...answers: readonly Answer[]): AgentChats {
  const home = newHome()
  const made = open(home, options, answers)
  return {
    ...made,
    [Symbol.asyncDispose]: async () => {
      await made[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The same in a home that is there already; `recover` is for the test to call. */
export function agentChatsIn(home: string, ...answers: readonly Answer[]): AgentChats {
  return open(home, {}, answers)
}

function open(home: string, options: AgentChatsOptions, answers: readonly Answer[]): AgentChats {
  const { window = Number.POSITIVE_INFINITY, compactAt = 0, titles = false, patience, finding, hermes } = options
  const problems: unknown[] = []
  const hooks: StoreHooks = {}
  const log = { warn: () => undefined, info: () => undefined }
  const theirs = hermes ? new HermesDb(join(home, 'state.db')) : null
  if (theirs) hermes?.(theirs)
  const opened = openProfile({ home, hermesHome: theirs && home, durable: false, log })
  const profile: Profile = { ...opened, chats: hooked(opened.chats, hooks) }
  const sessions = new Sessions(profile)
  const remaining = [...answers]
  const agent: Agent = {
    answer: (run) => {
      const answer = remaining.length > 1 ? remaining.shift() : remaining[0]
      if (!answer) throw new Error('no agent was scripted')
      return answer(run)
    },
  }
  const writer: Writer = { ...noWriter, ...options.writer }
  const model = (id: string | null): FoundModel => foundModel(agent, { writer, window, ...(id !== null && { id }) })
  const chats = new Chats({
    profile,
    sessions,
    models: {
      find: async (id) => {
        await finding?.(id)
        return model(id)
      },
    },
    onProblem: (error) => void problems.push(error),
    compactAt,
    titles,
    ...(patience !== undefined && { patience }),
  })
  return {
    home,
    chats,
    sessions,
    profile,
    hooks,
    problems,
    start: (text, request = {}) => chats.start(chatRequest({ text, profile: profile.name, ...request })),
    answerOf: async (streamId) => {
      const stream = await opened.chats.stream(streamId)
      return stream?.messageId ? sessions.message(stream.messageId) : null
    },
    session: async (id) => {
      const found = await sessions.find(id)
      if (!found) throw new Error(`there is no session ${id}`)
      return found
    },
    log: async (sessionId) => {
      const events: ChatEvent[] = []
      for (;;) {
        const page = await opened.chats.events({ sessionId, after: events.at(-1)?.seq ?? 0, limit: 1000 })
        if (page.length === 0) return events
        events.push(...page)
      }
    },
    follow: async (streamId, after = 0) => Array.fromAsync(await chats.followers.followStream(streamId, after)),
    [Symbol.asyncDispose]: async () => {
      delete hooks.append
      delete hooks.appended
      delete hooks.create
      delete hooks.read
      delete hooks.replace
      delete hooks.remove
      await chats.close()
      await profile.close()
      theirs?.close()
    },
  }
}

function hooked(store: ChatStore, hooks: StoreHooks): ChatStore {
  return storeAround(store, {
    append: async (write) => {
      await hooks.append?.(write)
      await store.append(write)
      await hooks.appended?.(write)
    },
    createSession: async (start) => {
      await hooks.create?.(start)
      await store.createSession(start)
    },
    events: async (range) => {
      const events = await store.events(range)
      await hooks.read?.(range, events)
      return events
    },
    headSeq: async (sessionId) => {
      const head = await store.headSeq(sessionId)
      await hooks.looked?.(head)
      return head
    },
    replaceEvent: async (event) => {
      await hooks.replace?.(event)
      await store.replaceEvent(event)
    },
    removeEvents: async (sessionId, seqs) => {
      await hooks.remove?.(seqs)
      await store.removeEvents(sessionId, seqs)
    },
  })
}

/** A door that is shut until it is opened. */
export interface Gate {
  readonly passed: Promise<void>
  open(): void
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { passed: promise, open: () => resolve() }
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
