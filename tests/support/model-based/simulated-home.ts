import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelMessage } from 'ai'
import { expect } from 'vitest'
import type { Agent } from '../../../src/agent/agent.ts'
import type { CancelResult, ChatService } from '../../../src/chat/chat-service.ts'
import { createChatService } from '../../../src/chat/create-chat-service.ts'
import type { SendMessageRequest } from '../../../src/chat/requests/send-message-request.ts'
import { newId } from '../../../src/lib/ids.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { openProfileStorage } from '../../../src/services/open-profile-storage.ts'
import { CombinedSessionRepository } from '../../../src/sessions/combined-session-repository.ts'
import type { AppendRequest, EventStore } from '../../../src/storage/event-store.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { newCountingRuntime } from '../fixtures/generators.ts'
import { KeyedChats } from '../fixtures/keyed-chats.ts'
import { isActive } from './invariants.ts'
import { ScriptedRun } from './scripted-run.ts'
import { newResolvedModel } from '../providers/resolved-model.ts'
import { newTempFolder } from '../server/segue.ts'
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
  /** A commit has failed, so streams may end that nobody cancelled. */
  hasFailedCommit: boolean
  /** The number of commits after which it crashes. */
  remainingCommits: number
  kill(): void
}

/** The result of a request, unless the server crashes during it. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown } | 'crashed'

/** A home in which servers run one after the other, with everything that clients have received from them. */
export class SimulatedHome {
  readonly #folder = newTempFolder()
  readonly #path = join(this.#folder, 'segue.db')
  readonly #runtime = { ...newCountingRuntime(), newId }
  readonly #servers: ServerRun[] = []
  #server: ServerRun
  /** The agents' runs in the current server, by model. Each stream has a model of its own. */
  scripts = new Map<string, ScriptedRun>()
  readonly obeysSignalByModel = new Map<string, boolean>()
  /** All events as they were committed. */
  readonly committedEvents: ChatEvent[] = []
  /** The streams that clients know of, as they received them. */
  readonly startedStreams = new Map<string, StreamRecord>()
  readonly endedStreams = new Map<string, Pick<CancelResult, 'stream' | 'answer'>>()
  /** The requests with idempotency keys. `streamId` is null while the client does not know whether there is a stream. */
  readonly requestsByKey = new Map<string, { readonly request: SendMessageRequest; readonly streamId: string | null }>()
  readonly deliveredEvents: ChatEvent[] = []
  /** The number of commits that fail from now on. */
  failingCommits = 0
  #models = 0

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

  newModel(): string {
    return `test/${(this.#models += 1)}`
  }

  /** Sends a request as a client does. After a crash, it starts the next server. */
  async perform<T>(work: (chats: ChatService, keyed: KeyedChats) => Promise<T>): Promise<Outcome<T>> {
    const done = work(this.chats, this.#server.keyed).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    const outcome = await Promise.race([done, this.#server.died.then(() => 'crashed' as const)])
    if (this.#server.isDead) await this.restart(false)
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
    this.scripts = new Map()
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
        () => this.readStored().streams,
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
    const { streams } = this.readStored()
    return streams.every((stream) => {
      const script = this.scripts.get(stream.model)
      if (stream.status === 'QUEUED') {
        return streams.some((other) => other.sessionId === stream.sessionId && isActive(other))
      }
      return stream.finishedAt !== null || (script !== undefined && !script.isFinished)
    })
  }

  #startServer(): ServerRun {
    const opened = openProfileStorage({ home: this.#folder, hermesHome: null, durable: false, log: silentLogger })
    const { promise: died, resolve } = Promise.withResolvers<void>()
    const profile: ProfileStorage = { ...opened, eventStore: this.#wrapStore(opened.eventStore, () => server) }
    const sessions = new CombinedSessionRepository(profile)
    const scripts = this.scripts
    const agent: Agent = {
      answer: (run) => {
        const script = new ScriptedRun(run, this.obeysSignalByModel.get(run.model) ?? true)
        scripts.set(run.model, script)
        return script.events()
      },
    }
    const chats = createChatService({
      profile,
      sessions,
      runtime: this.#runtime,
      models: {
        assertKnown: () => undefined,
        resolve: async (id) => newResolvedModel(agent, { id: id ?? '', name: id ?? '' }),
      },
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
    const alive = <T>(work: () => Promise<T>): Promise<T> =>
      getServer().isDead ? never : work().then((value) => (getServer().isDead ? never : value))
    const append = (write: AppendRequest): Promise<void> =>
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
        await store.append(write)
        this.committedEvents.push(...write.events)
        server.remainingCommits -= 1
        // The commit succeeds, but nobody learns of it.
        if (server.remainingCommits === 0) server.kill()
      })
    return wrapStore(store, { append }, alive)
  }
}
