import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { SeededRandom } from './seeded-random.ts'
import * as operations from './operations.ts'
import { contextWindows, UnreliableProvider } from './provider.ts'
import { ChaosReader, InvariantViolation } from './reader.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly durationMs: number
  /** The run continues until it has started this many streams, however slow the machine is. */
  readonly minStreams?: number
}

export interface ChaosReport {
  readonly streams: number
  readonly readers: number
  readonly connections: number
  readonly kills: number
  readonly continued: number
  readonly summaries: number
  readonly cancels: number
  readonly outcomes: Readonly<Record<string, number>>
  /** How long cancels took. */
  readonly cancelMs: { readonly max: number; readonly p99: number }
}

const modelIds = Object.keys(contextWindows).map((name) => `${name}/${name}`)

/** How long readers have to reach the end of their streams after the last step. */
const settleTimeoutMs = 30_000

/**
 * Runs a server under random load and failures for a limited time: messages, queues, interruptions, cancels, crashes,
 * readers that disconnect, an unreliable provider. Then compares what every reader has received with what is stored. Throws
 * `InvariantViolation`.
 */
export async function runChaos({ seed, durationMs, minStreams = 0 }: ChaosOptions): Promise<ChaosReport> {
  const run = await ChaosRun.start(new SeededRandom(seed))
  try {
    const deadline = performance.now() + durationMs
    while (performance.now() < deadline || run.streamCount < minStreams) await run.step()
    await run.waitForReaders()
    return await run.verify()
  } finally {
    await run.stop()
  }
}

class ChaosRun {
  readonly #random: SeededRandom
  readonly #home: string
  readonly #provider: UnreliableProvider
  readonly #sessions = new Set<string>()
  /** Sessions that have a continuation. */
  readonly #continuedSessions = new Set<string>()
  readonly #streams = new Set<string>()
  readonly #readers: ChaosReader[] = []
  readonly #readerTasks: Promise<void>[] = []
  readonly #cancelDurationsMs: number[] = []
  /** The saved state that cancels returned, by stream. */
  readonly #cancelResults = new Map<string, { lastSeq: number; digest: string | null }>()
  /** The texts of the messages that a session has accepted. */
  readonly #texts = new Map<string, string[]>()
  /** The sessions that a client compacts now. */
  readonly #compacting = new Set<string>()
  #compactionCount = 0
  #messageCount = 0
  #server: Promise<ServerProcess>
  #kills = 0
  #isStopped = false
  #violation: unknown = null

  private constructor(random: SeededRandom, home: string, provider: UnreliableProvider) {
    this.#random = random
    this.#home = home
    this.#provider = provider
    this.#server = this.#startServer()
  }

  static async start(random: SeededRandom): Promise<ChaosRun> {
    const provider = await UnreliableProvider.start(random.fork())
    const home = mkdtempSync(join(tmpdir(), 'segue-chaos-'))
    // The context windows are so small that sessions are summarised often, within turns and after them.
    const toProvider = ([name, contextWindow]: [string, number]) => {
      return [name, { type: 'openai-compatible', baseURL: provider.baseURL, models: [name], contextWindow }]
    }
    const providers = Object.fromEntries(Object.entries(contextWindows).map(toProvider))
    const limits = { modelIdleSeconds: 2, slowConsumerSeconds: 2 }
    const settings = { model: modelIds[0], compactAt: 0.6, providers, limits }
    writeFileSync(join(home, 'config.json'), JSON.stringify(settings))
    return new ChaosRun(random, home, provider)
  }

  /** How many streams were started. */
  get streamCount(): number {
    return this.#streams.size
  }

  /** Performs one random action. */
  async step(): Promise<void> {
    if (this.#violation) throw this.#violation
    const roll = this.#random.next()
    if (roll < 0.4) await this.#startStream()
    else if (roll < 0.58) this.#addRandomReader()
    else if (roll < 0.68) await this.#cancel()
    else if (roll < 0.7) await this.#kill()
    else if (roll < 0.75) await this.#compact()
    else if (roll < 0.79) await this.#changeModel()
    else if (roll < 0.82) await this.#regenerate()
    else if (roll < 0.85) await this.#forkAndDelete()
    else await delay(this.#random.between(1, 60))
  }

  /** Waits until every stream has ended, and every reader has reached its end. */
  async waitForReaders(): Promise<void> {
    for (const id of this.#streams) this.#addReader(new ChaosReader(id, this.#random.fork(), () => this.#url()))
    const limit = delay(settleTimeoutMs, 'late', { ref: false })
    const all = Promise.all(this.#readerTasks).then(() => 'all')
    if ((await Promise.race([all, limit])) === 'late') {
      const open = this.#readers
        .filter((reader) => !reader.end)
        .map((reader) => `${reader.streamId} at ${reader.cursor}`)
      throw new InvariantViolation(
        `These readers have not reached the end after ${settleTimeoutMs} ms: ${open.join(', ')}.`,
      )
    }
    if (this.#violation) throw this.#violation
  }

  /** Compares what readers and cancels have received with what is stored. */
  async verify(): Promise<ChaosReport> {
    const outcomes: Record<string, number> = {}
    for (const id of this.#streams) {
      const { stream } = await this.#ask(operations.streamQuery, { id }, z.object({ stream: streamSchema }))
      outcomes[stream.status] = (outcomes[stream.status] ?? 0) + 1
      this.#verifyStream(stream)
    }
    for (const id of [...this.#sessions, ...this.#continuedSessions]) await this.#verifyLog(id)
    for (const id of [...this.#sessions, ...this.#continuedSessions]) await this.#verifySession(id)
    if (this.#provider.problems.length > 0) throw new InvariantViolation(this.#provider.problems.join('\n'))
    for (const id of [...this.#sessions]) await this.#verifyUsable(id)
    const times = this.#cancelDurationsMs.toSorted((a, b) => a - b)
    return {
      streams: this.#streams.size,
      readers: this.#readers.length,
      connections: this.#readers.reduce((sum, reader) => sum + reader.connections, 0),
      kills: this.#kills,
      continued: this.#continuedSessions.size,
      summaries: this.#provider.summaryCount,
      cancels: times.length,
      outcomes,
      cancelMs: { max: times.at(-1) ?? 0, p99: times[Math.ceil(times.length * 0.99) - 1] ?? 0 },
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await (await this.#server).stop('SIGKILL')
    this.#provider.close()
    await Promise.allSettled(this.#readerTasks)
    rmSync(this.#home, { recursive: true, force: true })
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
    const schema = z.object({ startChat: startedSchema })
    const compactionCount = this.#compactionCount
    const wasCompacting = this.#compacting.has(sessionId ?? '')
    const started = await this.#ask(operations.startMutation, { input }, schema).catch((error: unknown) => {
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

  #addStream({ id, session }: z.output<typeof startedSchema>, text: string): void {
    this.#streams.add(id)
    this.#sessions.add(session.id)
    this.#texts.set(session.id, [...(this.#texts.get(session.id) ?? []), text])
    this.#addReader(new ChaosReader(id, this.#random.fork(), () => this.#url()))
  }

  /** Compacts a session, and does not wait for the end. */
  async #compact(): Promise<void> {
    const id = this.#pickSession()
    if (id === null || this.#compacting.has(id)) return
    this.#compacting.add(id)
    this.#compactionCount += 1
    const schema = z.object({ compactSession: z.object({ id: z.string() }) })
    const compaction = this.#ask(operations.compactMutation, { id }, schema).then(
      ({ compactSession }) => this.#moveToContinuation(id, compactSession.id),
      (error: unknown) => {
        const tipId = findContinuation(error)
        if (tipId !== null) this.#moveToContinuation(id, tipId)
        else ignoreRefusal(error, true, ['SESSION_BUSY', 'BAD_USER_INPUT', 'PROVIDER', 'STALE'])
      },
    )
    this.#readerTasks.push(
      compaction
        .catch((error: unknown) => {
          this.#violation ??= error
        })
        .finally(() => this.#compacting.delete(id)),
    )
  }

  async #changeModel(): Promise<void> {
    const id = this.#pickSession()
    if (id === null) return
    const variables = { id, model: this.#random.pick(modelIds) }
    await this.#ask(operations.updateMutation, variables, z.unknown()).catch((error: unknown) =>
      ignoreRefusal(error, true),
    )
  }

  async #regenerate(): Promise<void> {
    const messageId = await this.#findAnswer()
    if (messageId === null) return
    const text = this.#newText()
    const schema = z.object({ regenerate: startedSchema })
    const started = await this.#ask(operations.regenerateMutation, { id: messageId, text }, schema).catch(
      (error: unknown) => ignoreRefusal(error),
    )
    if (started) this.#addStream(started.regenerate, text)
  }

  /** A fork is seen by nobody else, so that it can be deleted. */
  async #forkAndDelete(): Promise<void> {
    const id = await this.#findAnswer()
    if (id === null) return
    const schema = z.object({ forkSession: z.object({ id: z.string() }) })
    const fork = await this.#ask(operations.forkMutation, { id }, schema).catch((error: unknown) =>
      ignoreRefusal(error),
    )
    if (!fork) return
    const { id: forkId } = fork.forkSession
    await this.#verifySession(forkId).catch((error: unknown) => ignoreRefusal(error))
    await this.#ask(operations.deleteMutation, { id: forkId }, z.unknown()).catch((error: unknown) =>
      ignoreRefusal(error),
    )
  }

  #pickSession(): string | null {
    return this.#sessions.size === 0 ? null : this.#random.pick([...this.#sessions])
  }

  /** The id of the answer of a stream that has ended. */
  async #findAnswer(): Promise<string | null> {
    if (this.#streams.size === 0) return null
    const schema = z.object({ stream: streamSchema })
    const id = this.#random.pick([...this.#streams])
    const found = await this.#ask(operations.streamQuery, { id }, schema).catch((error: unknown) =>
      ignoreRefusal(error),
    )
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
    this.#addReader(
      new ChaosReader(this.#random.pick([...this.#streams].slice(-8)), this.#random.fork(), () => this.#url()),
    )
  }

  #addReader(reader: ChaosReader): void {
    this.#readers.push(reader)
    this.#readerTasks.push(
      reader
        .read(() => this.#isStopped)
        .catch((error: unknown) => {
          this.#violation ??= error
        }),
    )
  }

  async #cancel(): Promise<void> {
    if (this.#streams.size === 0) return
    const id = this.#random.pick([...this.#streams].slice(-5))
    const schema = z.object({
      cancelStream: z.object({
        outcome: z.string(),
        lastSeq: z.int(),
        stream: z.object({ status: z.string() }),
        message: z.object({ id: z.string(), digest: z.string() }).nullable(),
      }),
    })
    const startedAt = performance.now()
    const results = await Promise.all(
      Array.from({ length: this.#random.between(1, 2) }, () =>
        this.#ask(operations.cancelMutation, { id }, schema).catch((error: unknown) => ignoreRefusal(error)),
      ),
    )
    this.#cancelDurationsMs.push(performance.now() - startedAt)
    for (const response of results) {
      if (!response) continue
      const { lastSeq, message } = response.cancelStream
      const result = { lastSeq, digest: message?.digest ?? null }
      const before = this.#cancelResults.get(id)
      if (before && (before.lastSeq !== result.lastSeq || before.digest !== result.digest)) {
        throw new InvariantViolation(
          `Stream ${id}: cancel returned ${JSON.stringify(result)} after ${JSON.stringify(before)}.`,
        )
      }
      this.#cancelResults.set(id, result)
    }
  }

  async #kill(): Promise<void> {
    const server = await this.#server
    this.#kills += 1
    this.#server = server.stop('SIGKILL').then(() => this.#startServer())
    await this.#server
  }

  #verifyStream(stream: z.output<typeof streamSchema>): void {
    const label = `Stream ${stream.id} (${stream.status})`
    if (!['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED'].includes(stream.status))
      throw new InvariantViolation(`${label} has not ended.`)
    if (stream.error?.code === 'CONTEXT_LENGTH') throw new InvariantViolation(`${label} was too long.`)
    const digest = stream.message?.digest ?? null
    const cancelResult = this.#cancelResults.get(stream.id)
    if (cancelResult && (cancelResult.digest !== digest || cancelResult.lastSeq !== stream.lastSeq)) {
      throw new InvariantViolation(
        `${label}: cancel returned ${JSON.stringify(cancelResult)}, but ${digest} at ${stream.lastSeq} is stored.`,
      )
    }
    for (const reader of this.#readers.filter(({ streamId }) => streamId === stream.id)) {
      if (!reader.end) throw new InvariantViolation(`${label}: a reader stopped at ${reader.cursor}.`)
      if (reader.cursor !== stream.lastSeq)
        throw new InvariantViolation(`${label}: a reader ended at ${reader.cursor}.`)
      const folded = reader.message.isEmpty ? null : reader.message.digest
      if (folded !== digest)
        throw new InvariantViolation(`${label}: a reader computed the digest ${folded}, but ${digest} is stored.`)
    }
  }

  /** Verifies that seqs ascend, that every stream ends once, and that a continued session has no event after its end. */
  async #verifyLog(sessionId: string): Promise<void> {
    const ends = new Map<string, number>()
    let after = 0
    let last = ''
    for (;;) {
      const schema = z.object({
        events: z.array(z.object({ type: z.string(), seq: z.int(), streamId: z.string().nullable() })),
      })
      const { events } = await this.#ask(operations.logQuery, { id: sessionId, after }, schema)
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
    if (this.#continuedSessions.has(sessionId) && last !== 'SessionContinued')
      throw new InvariantViolation(`Session ${sessionId} has a continuation, but its log ends with ${last}.`)
  }

  /**
   * Verifies that a session has each message that it has accepted once, and that its model would be sent what it was sent
   * before: a summary where there is one, or messages.
   */
  async #verifySession(id: string): Promise<void> {
    const { session } = await this.#ask(operations.sessionQuery, { id }, sessionSchema)
    const messages = session.messages.edges.map(({ node }) => node)
    const texts = messages.flatMap(({ role, text }) => (role === 'USER' ? [text] : []))
    if (new Set(texts).size < texts.length) throw new InvariantViolation(`Session ${id} has a message twice.`)
    const missing = (this.#texts.get(id) ?? []).filter((text) => !texts.includes(text))
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
    const [first] = session.modelContext
    const beginsWithSummary = JSON.stringify(first?.content ?? '').includes('This chat goes on from an earlier one.')
    if (first?.role !== 'user' || (summaries.length > 0 && !beginsWithSummary))
      throw new InvariantViolation(`Session ${id}: its context begins with ${JSON.stringify(first)}.`)
  }

  /** Verifies that the session, or its continuation, accepts another message. */
  async #verifyUsable(sessionId: string): Promise<void> {
    // It may be summarised at this moment, which does not make it busy.
    const input = { sessionId, text: 'are you there?', model: 'offline/eliza', ifBusy: 'REJECT' }
    const schema = z.object({ startChat: z.object({ id: z.string() }) })
    const tipId = await this.#ask(operations.startMutation, { input }, schema).then(
      async ({ startChat }) => {
        await this.#ask(operations.cancelMutation, { id: startChat.id }, z.unknown())
        return null
      },
      (error: unknown) => {
        const tip = findContinuation(error)
        if (tip === null) throw error
        return tip
      },
    )
    if (tipId !== null) await this.#verifyUsable(tipId)
  }

  async #url(): Promise<string> {
    return `${(await this.#server).url}/graphql`
  }

  async #startServer(): Promise<ServerProcess> {
    return startServerProcess({ argv: ['--port', '0', '--home', this.#home, '--no-hermes'] })
  }

  async #ask<T>(query: string, variables: object, schema: z.ZodType<T>): Promise<T> {
    const response = await fetch(await this.#url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = responseSchema.parse(await response.json())
    const refusal = errors?.[0]?.extensions
    if (refusal) throw new RequestRefusedError(refusal.code, refusal)
    return schema.parse(data)
  }
}

const streamSchema = z.object({
  id: z.string(),
  status: z.string(),
  lastSeq: z.int(),
  error: z.object({ code: z.string() }).nullable(),
  message: z.object({ id: z.string(), status: z.string(), digest: z.string() }).nullable(),
})

const startedSchema = z.object({ id: z.string(), session: z.object({ id: z.string() }) })

const referenceSchema = z.object({ id: z.string() })
const messageSchema = referenceSchema.extend({
  role: z.string(),
  kind: z.string(),
  text: z.string(),
  alternatives: z.array(referenceSchema),
})

const sessionSchema = z.object({
  session: z.object({
    lineageRoot: referenceSchema,
    conversation: z.object({ root: referenceSchema }),
    endedAt: z.string().nullable(),
    modelContext: z.array(z.object({ role: z.string(), content: z.unknown() })).nullable(),
    messages: z.object({
      edges: z.array(z.object({ node: messageSchema })),
    }),
  }),
})

const extensionsSchema = z.object({ code: z.string(), tipId: z.string().optional(), streamId: z.string().optional() })
const responseSchema = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ extensions: extensionsSchema })).optional(),
})

class RequestRefusedError extends Error {
  override readonly name = 'RequestRefusedError'
  /** The session that continues the one that was asked. */
  readonly tipId: string | null
  /** The stream that a session is busy with. */
  readonly streamId: string | null

  constructor(code: string, { tipId, streamId }: z.output<typeof extensionsSchema>) {
    super(code)
    this.tipId = tipId ?? null
    this.streamId = streamId ?? null
  }
}

/** The continuation that a STALE error names; null for any other error. */
function findContinuation(error: unknown): string | null {
  return error instanceof RequestRefusedError && error.message === 'STALE' ? error.tipId : null
}

/**
 * Ignores the errors of a busy session, of a limit, and of a server that is killed. Any other error is a violation. A session
 * is busy without a stream only if a client compacts it.
 */
function ignoreRefusal(
  error: unknown,
  mayBeCompacted = false,
  codes: readonly string[] = ['SESSION_BUSY', 'RATE_LIMITED'],
): null {
  if (error instanceof InvariantViolation) throw error
  if (!(error instanceof RequestRefusedError)) return null
  if (!codes.includes(error.message)) throw new InvariantViolation(`The server responded with ${error.message}.`)
  if (error.message === 'SESSION_BUSY' && error.streamId === null && !mayBeCompacted)
    throw new InvariantViolation('A session is busy without a stream.')
  return null
}
