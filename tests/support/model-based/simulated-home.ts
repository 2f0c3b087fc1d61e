import { MutableLiveValue } from '../../../src/config/reload/live-value.ts'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelMessage } from 'ai'
import { expect } from 'vitest'
import type { Agent } from '../../../src/agent/agent.ts'
import type { CancelResult } from '../../../src/chat/cancel-result.ts'
import type { ChatService } from '../../../src/chat/chat-service.ts'
import { createChatService } from '../../../src/chat/create-chat-service.ts'
import type { SendMessageRequest } from '../../../src/chat/requests/send-message-request.ts'
import { newId } from '../../../src/lib/ids.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { openProfileStorage } from '../../../src/services/storage/open-profile-storage.ts'
import { CombinedSessionRepository } from '../../../src/sessions/combined-session-repository.ts'
import type { SessionContextRecords } from '../../../src/sessions/session-context.ts'
import type { AppendRequest, EventStore } from '../../../src/storage/event-store.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { newCountingRuntime } from '../fixtures/generators.ts'
import { KeyedChats } from '../fixtures/chats/keyed-chats.ts'
import { isActive } from './invariants.ts'
import { ScriptedRun } from './scripted-run.ts'
import { newModelId, readContextWindow, reservedTokens } from './simulated-models.ts'
import { newMessageText, SimulatedSummaries } from './simulated-summaries.ts'
import { findNewestSummaries } from './stored-summaries.ts'
import { newResolvedModel } from '../providers/resolved-model.ts'
import { newHome } from '../server/segue.ts'
import { wrapStore } from '../storage/event-store.ts'
import { type StoredChats, readStoredChats } from '../storage/stored-chat.ts'
import { waitUntil } from '../wait-until.ts'

/** A server from its start to its end or crash. */
interface ServerRun {
  readonly chats: ChatService
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  /** The commands with idempotency keys. */
  readonly keyed: KeyedChats
  readonly died: Promise<void>
  isDead: boolean
  /** How many calls of the store are at work. */
  openCalls: number
  /** A commit has failed, so streams may end that nobody cancelled. */
  hasFailedCommit: boolean
  /** The number of commits after which it crashes. */
  remainingCommits: number
  kill(): void
}

/** A request of an agent to its model. */
export interface SimulatedRequest {
  readonly model: string
  readonly messages: readonly ModelMessage[]
  /** The newest summary of each session when the answer started. */
  readonly newestSummaries: ReadonlyMap<string, number>
}

/** The result of a request, unless the server crashes during it. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown } | 'crashed'

/** A home in which servers run one after the other, with everything that clients have received from them. */
export class SimulatedHome {
  readonly #folder = newHome()
  readonly #path = join(this.#folder, 'segue.db')
  readonly #runtime = { ...newCountingRuntime(), newId }
  readonly #servers: ServerRun[] = []
  #server: ServerRun
  /** Resolves once the server has recovered. */
  #restarting = Promise.resolve()
  /** The agents' runs in the current server. */
  scripts: ScriptedRun[] = []
  readonly summaries = new SimulatedSummaries()
  /** The calls of compactSession that are at work, by session. */
  readonly compactions = new Map<string, Promise<unknown>>()
  /** What models were sent. */
  readonly requests: SimulatedRequest[] = []
  /** The version of each session whose context was checked. */
  readonly checkedContexts = new Map<string, string>()
  readonly obeysSignalByModel = new Map<string, boolean>()
  /** All events as they were committed. */
  readonly committedEvents: ChatEvent[] = []
  /** The streams that clients know of, as they received them. */
  readonly startedStreams = new Map<string, StreamRecord>()
  readonly endedStreams = new Map<string, Pick<CancelResult, 'stream' | 'answer'>>()
  /** The requests with idempotency keys. `streamId` is null while the client does not know whether there is a stream. */
  readonly requestsByKey = new Map<string, { readonly request: SendMessageRequest; readonly streamId: string | null }>()
  /** Streams that a client has had start before their turn, or tried to. */
  readonly sentStreamIds = new Set<string>()
  readonly deliveredEvents: ChatEvent[] = []
  /** The number of commits that fail from now on. */
  failingCommits = 0
  #models = 0
  #messages = 0

  constructor() {
    this.#server = this.#startServer()
  }

  get chats(): ChatService {
    return this.#server.chats
  }

  /** Whether the next request is sure not to be affected by failing commits or a crash. */
  get isHealthy(): boolean {
    return (
      !this.#server.hasFailedCommit &&
      this.failingCommits === 0 &&
      this.#server.remainingCommits === Number.POSITIVE_INFINITY
    )
  }

  /** A model with a context window of so many tokens. */
  newModel(contextWindow = Number.POSITIVE_INFINITY): string {
    return newModelId((this.#models += 1), contextWindow)
  }

  /** The text of a message like no other. */
  newText(words: number): string {
    return newMessageText((this.#messages += 1), words)
  }

  /** What a model is sent of a session: a summary and the messages after it. Null if the session is not there any more. */
  async loadContext(sessionId: string): Promise<SessionContextRecords | null> {
    const { sessions } = this.#server
    const session = await sessions.find(sessionId)
    return session && sessions.loadContext(session)
  }

  /** Calls compactSession, and does not wait for its end. */
  startCompaction(sessionId: string): Promise<Outcome<unknown>> {
    const outcome = this.perform((chats) => chats.compact(sessionId))
    this.compactions.set(sessionId, outcome)
    return outcome.finally(() => {
      if (this.compactions.get(sessionId) === outcome) this.compactions.delete(sessionId)
    })
  }

  /** Forgets a session that was deleted. */
  forgetSession(sessionId: string): void {
    const isOther = (event: { readonly sessionId: string }): boolean => event.sessionId !== sessionId
    for (const events of [this.committedEvents, this.deliveredEvents])
      events.splice(0, events.length, ...events.filter(isOther))
    for (const [id, stream] of this.startedStreams) if (!isOther(stream)) this.startedStreams.delete(id)
    for (const [id, { stream }] of this.endedStreams) if (!isOther(stream)) this.endedStreams.delete(id)
  }

  /** Sends a request as a client does. After a crash, it starts the next server. */
  async perform<T>(work: (chats: ChatService, keyed: KeyedChats) => Promise<T>): Promise<Outcome<T>> {
    const done = work(this.chats, this.#server.keyed).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    const outcome = await Promise.race([done, this.#server.died.then(() => 'crashed' as const)])
    if (this.#server.isDead) this.#restarting = this.restart(false)
    // Another request may have started the next server, which serves nobody before it has recovered.
    await this.#restarting
    return outcome
  }

  /** What a model would be sent next in a session. */
  async loadModelMessages(chats: ChatService, sessionId: string): Promise<readonly ModelMessage[]> {
    const session = await this.#server.sessions.find(sessionId)
    return session ? chats.loadModelMessages(session) : []
  }

  killAfter(commits: number): void {
    this.#server.remainingCommits = commits
  }

  async restart(isGraceful: boolean): Promise<void> {
    if (isGraceful && !this.#server.isDead) {
      const { chats, died } = this.#server
      await Promise.race([chats.close(), died])
    }
    const before = this.readStored()
    const running = before.streams.filter(isActive).length
    this.#server.kill()
    this.failingCommits = 0
    this.scripts = []
    this.summaries.reset()
    this.compactions.clear()
    this.checkedContexts.clear()
    this.#server = this.#startServer()
    expect(await this.chats.recover()).toBe(running)
    const after = this.readStored()
    const activity = ({ sessions }: StoredChats): unknown => sessions.map(({ id, last_activity_at: at }) => [id, at])
    expect(activity(after)).toEqual(activity(before))
  }

  /** Waits until all finished runs have ended their streams, and no queued stream could start. */
  async settle(): Promise<void> {
    for (;;) {
      const server = this.#server
      await waitUntil(
        () => server.isDead || this.#isSettled(),
        () => ({
          openCalls: server.openCalls,
          compactions: [...this.compactions.keys()],
          isHolding: this.summaries.isHolding,
          scripts: this.scripts.map(({ model, isLive, isRequesting }) => ({ model, isLive, isRequesting })),
          streams: this.readStored().streams.filter(({ finishedAt }) => finishedAt === null),
        }),
      )
      if (!server.isDead) return
      await this.restart(false)
    }
  }

  readStored(): StoredChats {
    return readStoredChats(this.#path)
  }

  async dispose(): Promise<void> {
    this.failingCommits = 0
    this.killAfter(Number.POSITIVE_INFINITY)
    if (!this.#server.isDead) await this.chats.close()
    for (const server of this.#servers) {
      server.kill()
      await server.profile.close()
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #isSettled(): boolean {
    if (this.#server.openCalls > 0 || (this.compactions.size > 0 && !this.summaries.isHolding)) return false
    const { isHolding } = this.summaries
    if (this.scripts.some((script) => script.isRequesting) && !isHolding) return false
    const { streams } = this.readStored()
    const waiting = this.scripts.filter(({ isLive, isRequesting }) => isLive || (isRequesting && isHolding))
    const running = Map.groupBy(streams.filter(isActive), ({ model }) => model)
    const isRunning = [...running].every(
      ([model, { length }]) => length <= waiting.filter((script) => script.model === model).length,
    )
    const queued = streams.filter(({ status }) => status === 'QUEUED')
    return (
      isRunning &&
      queued.every(({ sessionId }) => streams.some((other) => other.sessionId === sessionId && isActive(other)))
    )
  }

  #startServer(): ServerRun {
    const opened = openProfileStorage({ home: this.#folder, hermesHome: null, durable: false, log: silentLogger })
    const { promise: died, resolve } = Promise.withResolvers<void>()
    const profile: ProfileStorage = { ...opened, eventStore: this.#wrapStore(opened.eventStore, () => server) }
    const sessions = new CombinedSessionRepository(profile)
    const { scripts, requests, summaries } = this
    const agent: Agent = {
      answer: (run) => {
        const newestSummaries = findNewestSummaries(this.readStored())
        const script = new ScriptedRun(run, this.obeysSignalByModel.get(run.model) ?? true, (messages) => {
          requests.push({ model: run.model, messages, newestSummaries })
        })
        scripts.push(script)
        return script.events()
      },
    }
    const chats = createChatService({
      profile,
      sessions,
      runtime: this.#runtime,
      models: {
        assertKnown: () => undefined,
        resolve: async (id) =>
          newResolvedModel(agent, {
            id: id ?? '',
            name: id ?? '',
            textGenerator: summaries,
            contextWindow: readContextWindow(id),
            reservedTokens,
          }),
      },
      settings: new MutableLiveValue({
        autoCompactThreshold: 0.5,
        generateTitles: false,
        budgets: { answer: null, day: null },
      }),
      // All errors here are provoked.
      log: silentLogger,
    })
    const server: ServerRun = {
      chats,
      profile,
      sessions,
      keyed: new KeyedChats(chats, sessions, profile.idempotencyKeys),
      died,
      isDead: false,
      openCalls: 0,
      hasFailedCommit: false,
      remainingCommits: Number.POSITIVE_INFINITY,
      kill: () => {
        server.isDead = true
        resolve()
      },
    }
    this.#servers.push(server)
    return server
  }

  /** A store whose commits fail on demand, and whose calls never settle after the crash of its server. */
  #wrapStore(store: EventStore, getServer: () => ServerRun): EventStore {
    const never = new Promise<never>(() => {})
    const alive = async <T>(work: () => Promise<T>): Promise<T> => {
      const server = getServer()
      if (server.isDead) return never
      server.openCalls += 1
      const result = await work().finally(() => (server.openCalls -= 1))
      return server.isDead ? never : result
    }
    const appendAll = (writes: readonly AppendRequest[]): Promise<void> =>
      alive(async () => {
        const server = getServer()
        if (server.remainingCommits === 0) {
          server.kill()
          return never
        }
        if (this.failingCommits > 0) {
          this.failingCommits -= 1
          server.hasFailedCommit = true
          throw new Error('The disk is full.')
        }
        await store.appendAll(writes)
        this.committedEvents.push(...writes.flatMap(({ events }) => events))
        server.remainingCommits -= 1
        // The commit succeeds, but nobody learns of it.
        if (server.remainingCommits === 0) server.kill()
      })
    return wrapStore(store, { appendAll }, alive)
  }
}
