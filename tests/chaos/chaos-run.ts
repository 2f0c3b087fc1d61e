import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ChaosReport } from './chaos-report.ts'
import { Cancels } from './cancels.ts'
import { ChaosClient, findContinuation, ignoreRefusal } from './chaos-client.ts'
import { InvariantChecker, type RacedDecision } from './invariant-checker.ts'
import * as operations from './operations.ts'
import { contextWindows, UnreliableProvider } from './provider.ts'
import { InvariantViolation } from './reader.ts'
import { ReaderGroup } from './reader-group.ts'
import type { ChaosServers } from './chaos-servers.ts'
import type { SeededRandom } from './seeded-random.ts'
import { verifyUsage } from './verify-usage.ts'
import { type StartedStream, startedStreamSchema, storedStreamSchema } from './stored-state.ts'
import { runRace } from './races/run-race.ts'

const modelIds = Object.keys(contextWindows).map((name) => `${name}/${name}`)

/** Random load on servers, and what it has been told by them. */
export class ChaosRun {
  readonly #random: SeededRandom
  readonly #provider: UnreliableProvider
  readonly #sessions = new Set<string>()
  /** Sessions that have a continuation. */
  readonly #continuedSessions = new Set<string>()
  readonly #streams = new Set<string>()
  readonly #server: ChaosServers
  readonly #client: ChaosClient
  readonly #readers: ReaderGroup
  readonly #cancels: Cancels
  /** The texts of the messages that a session has accepted. */
  readonly #texts = new Map<string, string[]>()
  readonly #decisions: RacedDecision[] = []
  /** The sessions that a client compacts now. */
  readonly #compacting = new Set<string>()
  #compactionCount = 0
  #messageCount = 0

  private constructor(random: SeededRandom, server: ChaosServers, provider: UnreliableProvider) {
    this.#random = random
    this.#provider = provider
    this.#server = server
    this.#client = new ChaosClient(this.#server)
    this.#readers = new ReaderGroup(this.#server)
    this.#cancels = new Cancels(this.#client, random.fork())
  }

  /** `startServers` is given a function that creates a home. Each server has its own. */
  static async start(
    random: SeededRandom,
    startServers: (createHome: () => string) => ChaosServers,
  ): Promise<ChaosRun> {
    const provider = await UnreliableProvider.start(random.fork())
    // The context windows are so small that sessions are summarised often, within turns and after them.
    const toProvider = ([name, contextWindow]: [string, number]) => {
      return [name, { type: 'openai-compatible', baseURL: provider.baseURL, models: [name], contextWindow }]
    }
    const providers = Object.fromEntries(Object.entries(contextWindows).map(toProvider))
    const limits = { modelIdleSeconds: 2, slowConsumerSeconds: 2, decisionSeconds: 5 }
    const settings = { model: modelIds[0], compactAt: 0.6, providers, limits }
    const createHome = (): string => {
      const home = mkdtempSync(join(tmpdir(), 'segue-chaos-'))
      writeFileSync(join(home, 'config.json'), JSON.stringify(settings))
      return home
    }
    return new ChaosRun(random, startServers(createHome), provider)
  }

  /** How many streams were started. */
  get streamCount(): number {
    return this.#streams.size
  }

  /** Performs one random action. */
  async step(): Promise<void> {
    this.#readers.throwViolation()
    const roll = this.#random.next()
    if (roll < 0.4) await this.#startStream()
    else if (roll < 0.58) this.#addRandomReader()
    else if (roll < 0.68) await this.#cancelAny()
    else if (roll < 0.7) await this.#server.kill()
    else if (roll < 0.75) await this.#compact()
    else if (roll < 0.79) await this.#changeModel()
    else if (roll < 0.82) await this.#regenerate()
    else if (roll < 0.85) await this.#forkAndDelete()
    else await delay(this.#random.between(1, 60))
  }

  /** Has several requests arrive at the same moment. */
  async race(): Promise<void> {
    await runRace({
      client: this.#client,
      random: this.#random,
      pickSession: () => this.#pickSession(),
      newText: () => this.#newText(),
      addStream: (started, text) => this.#addStream(started, text),
      addDecision: (decision) => this.#decisions.push(decision),
      fork: () => this.#fork(),
      cancel: () => this.#cancelAny(),
      cancelStream: (id) => this.#cancels.cancel(id),
    })
  }

  /** Waits until every stream has ended, and every reader has reached its end. */
  async waitForReaders(): Promise<void> {
    for (const id of this.#streams) this.#readers.add(id, this.#random.fork())
    await this.#readers.waitForEnds()
  }

  /** Compares what readers and cancels have received with what is stored. */
  async verify(): Promise<ChaosReport> {
    const outcomes: Record<string, number> = {}
    const checker = new InvariantChecker(this.#client)
    const { readers } = this.#readers
    for (const id of this.#streams) {
      const { status } = await checker.verifyStream(id, readers, this.#cancels.find(id))
      outcomes[status] = (outcomes[status] ?? 0) + 1
    }
    const sessionIds = [...this.#sessions, ...this.#continuedSessions]
    for (const id of sessionIds) await checker.verifyLog(id, this.#continuedSessions.has(id))
    for (const id of sessionIds) await checker.verifySession(id, this.#texts.get(id) ?? [])
    for (const decision of this.#decisions) await checker.verifyDecision(decision)
    await verifyUsage(this.#client)
    if (this.#provider.problems.length > 0) throw new InvariantViolation(this.#provider.problems.join('\n'))
    for (const id of this.#sessions) await checker.verifyUsable(id)
    return {
      streams: this.#streams.size,
      readers: readers.length,
      connections: readers.reduce((sum, reader) => sum + reader.connections, 0),
      kills: this.#server.kills,
      continued: this.#continuedSessions.size,
      summaries: this.#provider.summaryCount,
      cancels: this.#cancels.count,
      decisions: this.#decisions.length,
      outcomes,
      cancelMs: this.#cancels.durationMs,
    }
  }

  async stop(): Promise<void> {
    this.#readers.stop()
    await this.#server.stop()
    this.#provider.close()
    await this.#readers.waitForStop()
  }

  async #startStream(): Promise<void> {
    const sessionId =
      this.#sessions.size > 0 && this.#random.chance(0.7) ? this.#random.pick([...this.#sessions]) : undefined
    const text = this.#newText()
    const input = {
      text,
      ifBusy: this.#random.pick(['REJECT', 'QUEUE', 'INTERRUPT']),
      ...(sessionId && { sessionId }),
      ...(this.#random.chance(0.2) && { model: this.#random.pick(modelIds) }),
      ...(this.#random.chance(0.3) && { key: `key ${this.#random.between(0, 1_000_000_000)}` }),
    }
    const schema = z.object({ startChat: startedStreamSchema })
    const compactionCount = this.#compactionCount
    const wasCompacting = this.#compacting.has(sessionId ?? '')
    const started = await this.#client.ask(operations.startMutation, { input }, schema).catch((error: unknown) => {
      const tipId = findContinuation(error)
      if (sessionId !== undefined && tipId !== null) this.#moveToContinuation(sessionId, tipId)
      else ignoreRefusal(error, wasCompacting || compactionCount < this.#compactionCount)
      return null
    })
    if (started) this.#addStream(started.startChat, text)
  }

  #newText(): string {
    return `message ${(this.#messageCount += 1)} ${'word '.repeat(this.#random.between(0, 250))}end`
  }

  #addStream({ id, session }: StartedStream, text: string): void {
    this.#streams.add(id)
    this.#sessions.add(session.id)
    this.#texts.set(session.id, [...(this.#texts.get(session.id) ?? []), text])
    this.#readers.add(id, this.#random.fork())
  }

  /** Compacts a session, and does not wait for the end. */
  async #compact(): Promise<void> {
    const id = this.#pickSession()
    if (id === null || this.#compacting.has(id)) return
    this.#compacting.add(id)
    this.#compactionCount += 1
    const schema = z.object({ compactSession: z.object({ id: z.string() }) })
    const compaction = this.#client.ask(operations.compactMutation, { id }, schema).then(
      ({ compactSession }) => this.#moveToContinuation(id, compactSession.id),
      (error: unknown) => {
        const tipId = findContinuation(error)
        if (tipId !== null) this.#moveToContinuation(id, tipId)
        else ignoreRefusal(error, true, ['SESSION_BUSY', 'BAD_USER_INPUT', 'PROVIDER', 'STALE'])
      },
    )
    this.#readers.addTask(compaction.finally(() => this.#compacting.delete(id)))
  }

  async #changeModel(): Promise<void> {
    const id = this.#pickSession()
    if (id === null) return
    const variables = { id, model: this.#random.pick(modelIds) }
    await this.#client
      .ask(operations.updateMutation, variables, z.unknown())
      .catch((error: unknown) => ignoreRefusal(error, true))
  }

  async #regenerate(): Promise<void> {
    const messageId = await this.#findAnswer()
    if (messageId === null) return
    const text = this.#newText()
    const schema = z.object({ regenerate: startedStreamSchema })
    const started = await this.#client
      .ask(operations.regenerateMutation, { id: messageId, text }, schema)
      .catch((error: unknown) => ignoreRefusal(error))
    if (started) this.#addStream(started.regenerate, text)
  }

  /** A fork is seen by nobody else, so that it can be deleted. */
  async #forkAndDelete(): Promise<void> {
    const forkId = await this.#fork()
    if (forkId === null) return
    const checker = new InvariantChecker(this.#client)
    await checker.verifySession(forkId, []).catch((error: unknown) => ignoreRefusal(error))
    await this.#client
      .ask(operations.deleteMutation, { id: forkId }, z.unknown())
      .catch((error: unknown) => ignoreRefusal(error))
  }

  async #fork(): Promise<string | null> {
    const id = await this.#findAnswer()
    if (id === null) return null
    const schema = z.object({ forkSession: z.object({ id: z.string() }) })
    const fork = await this.#client
      .ask(operations.forkMutation, { id }, schema)
      .catch((error: unknown) => ignoreRefusal(error))
    return fork?.forkSession.id ?? null
  }

  #pickSession(): string | null {
    return this.#sessions.size === 0 ? null : this.#random.pick([...this.#sessions])
  }

  /** The id of the answer of a stream that has ended. */
  async #findAnswer(): Promise<string | null> {
    if (this.#streams.size === 0) return null
    const schema = z.object({ stream: storedStreamSchema })
    const id = this.#random.pick([...this.#streams])
    const found = await this.#client
      .ask(operations.streamQuery, { id }, schema)
      .catch((error: unknown) => ignoreRefusal(error))
    return found?.stream.message?.status === 'STREAMING' ? null : (found?.stream.message?.id ?? null)
  }

  /** Replaces a session by its continuation. */
  #moveToContinuation(sessionId: string, tipId: string): void {
    if (this.#continuedSessions.has(sessionId)) return
    this.#sessions.delete(sessionId)
    this.#sessions.add(tipId)
    this.#continuedSessions.add(sessionId)
  }

  #addRandomReader(): void {
    if (this.#streams.size === 0) return
    this.#readers.add(this.#random.pick([...this.#streams].slice(-8)), this.#random.fork())
  }

  async #cancelAny(): Promise<void> {
    if (this.#streams.size > 0) await this.#cancels.cancel(this.#random.pick([...this.#streams].slice(-5)))
  }
}
