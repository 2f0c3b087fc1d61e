import { rmSync } from 'node:fs'
import type { Agent, AgentEvent, AgentRun } from '../../src/agent/agent.ts'
import { Chats } from '../../src/chat/chats.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import { openProfile, type Profile } from '../../src/profiles/profile.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import type { ChatStore, EventRange, LogWrite } from '../../src/storage/chat-store.ts'
import type { ChatEvent, Delivered, MessageRecord, StreamRecord } from '../../src/storage/records.ts'
import { newFolder } from './segue.ts'

export type Answer = (run: AgentRun) => AsyncIterable<AgentEvent>

/** Stands between the chats and their storage. What a hook throws, the storage throws, with nothing done. */
export interface StoreHooks {
  /** Before something is committed. */
  append?: (write: LogWrite) => Promise<void> | void
  /** After events were read, before they are handed out. */
  read?: (range: EventRange, events: readonly ChatEvent[]) => Promise<void> | void
  /** Before a merged event takes the place of its last piece. */
  replace?: (event: ChatEvent) => Promise<void> | void
  /** Before merged events are removed. */
  remove?: (seqs: readonly number[]) => Promise<void> | void
}

export interface AgentChats extends AsyncDisposable {
  readonly chats: Chats
  readonly profile: Profile
  readonly hooks: StoreHooks
  /** What went wrong that nobody was told. */
  readonly problems: unknown[]
  start(text: string, request?: Partial<ChatRequest>): Promise<StreamRecord>
  /** The stored message of a stream. */
  answerOf(streamId: string): Promise<MessageRecord | null>
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
  const home = newFolder()
  const problems: unknown[] = []
  const hooks: StoreHooks = {}
  const log = { warn: () => undefined, info: () => undefined }
  const opened = openProfile({ home, hermesHome: null, durable: false, log })
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
  const chats = new Chats({
    profile,
    sessions,
    models: { find: async (id) => ({ id: id ?? 'test/agent', name: 'agent', agent }) },
    onProblem: (error) => void problems.push(error),
  })
  return {
    chats,
    profile,
    hooks,
    problems,
    start: (text, request = {}) =>
      chats.start({
        sessionId: null,
        text,
        model: null,
        profile: profile.name,
        key: null,
        ifBusy: 'REJECT',
        ...request,
      }),
    answerOf: async (streamId) => {
      const stream = await opened.chats.stream(streamId)
      return stream?.messageId ? sessions.message(stream.messageId) : null
    },
    log: async (sessionId) => {
      const events: ChatEvent[] = []
      for (;;) {
        const page = await opened.chats.events({ sessionId, after: events.at(-1)?.seq ?? 0, limit: 1000 })
        if (page.length === 0) return events
        events.push(...page)
      }
    },
    follow: async (streamId, after = 0) => Array.fromAsync(await chats.followStream(streamId, after)),
    [Symbol.asyncDispose]: async () => {
      delete hooks.append
      delete hooks.read
      delete hooks.replace
      delete hooks.remove
      await chats.close()
      await profile.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function hooked(store: ChatStore, hooks: StoreHooks): ChatStore {
  return {
    createSession: (session) => store.createSession(session),
    append: async (write) => {
      await hooks.append?.(write)
      await store.append(write)
    },
    events: async (range) => {
      const events = await store.events(range)
      await hooks.read?.(range, events)
      return events
    },
    stream: (id) => store.stream(id),
    streamOfKey: (key) => store.streamOfKey(key),
    activeStream: (sessionId) => store.activeStream(sessionId),
    unfinishedStreams: () => store.unfinishedStreams(),
    replaceEvent: async (event) => {
      await hooks.replace?.(event)
      await store.replaceEvent(event)
    },
    removeEvents: async (sessionId, seqs) => {
      await hooks.remove?.(seqs)
      await store.removeEvents(sessionId, seqs)
    },
  }
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
