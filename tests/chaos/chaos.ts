import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type ServerProcess, startProcess } from '../support/server/server-process.ts'
import { Dice } from './seeded-random.ts'
import * as operations from './operations.ts'
import { UnreliableProvider } from './provider.ts'
import { Reader, Violation } from './reader.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly milliseconds: number
  /** It goes on until there were so many, however slow the machine is. */
  readonly fewestStreams?: number
}

export interface ChaosReport {
  readonly streams: number
  readonly readers: number
  readonly connections: number
  readonly kills: number
  readonly continued: number
  readonly cancels: number
  readonly outcomes: Readonly<Record<string, number>>
  /** The longest that a cancel took, and its 99th percentile, in milliseconds. */
  readonly cancelMilliseconds: { readonly most: number; readonly p99: number }
}

const settleLimit = 30_000 // milliseconds for what still runs at the end

/**
 * Lives through a bounded time of everything at once: messages, queues, interruptions, cancels, kills, readers who come
 * and go, a provider on a bad day. Then it holds what every reader was shown against what is saved. Throws a Violation.
 */
export async function chaos({ seed, milliseconds, fewestStreams = 0 }: ChaosOptions): Promise<ChaosReport> {
  const world = await World.begin(new Dice(seed))
  try {
    const until = performance.now() + milliseconds
    while (performance.now() < until || world.streams < fewestStreams) await world.next()
    await world.settle()
    return await world.judge()
  } finally {
    await world.end()
  }
}

class World {
  readonly #dice: Dice
  readonly #home: string
  readonly #provider: UnreliableProvider
  readonly #sessions = new Set<string>()
  /** Those that go on in others. */
  readonly #continued = new Set<string>()
  readonly #streams = new Set<string>()
  readonly #readers: Reader[] = []
  readonly #reading: Promise<void>[] = []
  readonly #cancelTimes: number[] = []
  /** What a cancel said that was saved, by stream. */
  readonly #cancelled = new Map<string, { lastSeq: number; digest: string | null }>()
  #server: Promise<ServerProcess>
  #kills = 0
  #over = false
  #violation: unknown = null

  private constructor(dice: Dice, home: string, provider: UnreliableProvider) {
    this.#dice = dice
    this.#home = home
    this.#provider = provider
    this.#server = this.#startServer()
  }

  static async begin(dice: Dice): Promise<World> {
    const provider = await UnreliableProvider.start(dice.split())
    const home = mkdtempSync(join(tmpdir(), 'segue-chaos-'))
    // So narrow that sessions are compacted now and then.
    const local = { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'], contextWindow: 5000 }
    const limits = { modelSilenceSeconds: 2, stalledReaderSeconds: 2 }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ model: 'local/test', providers: { local }, limits }))
    return new World(dice, home, provider)
  }

  /** How many were begun. */
  get streams(): number {
    return this.#streams.size
  }

  /** One thing happens. */
  async next(): Promise<void> {
    if (this.#violation) throw this.#violation
    const roll = this.#dice.next()
    if (roll < 0.35) await this.#start()
    else if (roll < 0.6) this.#follow()
    else if (roll < 0.75) await this.#cancel()
    else if (roll < 0.78) await this.#kill()
    else await delay(this.#dice.between(1, 60))
  }

  /** What runs comes to its end, and every reader with it. */
  async settle(): Promise<void> {
    for (const id of this.#streams) this.#watch(new Reader(id, this.#dice.split(), () => this.#url()))
    const limit = delay(settleLimit, 'late', { ref: false })
    const all = Promise.all(this.#reading).then(() => 'all')
    if ((await Promise.race([all, limit])) === 'late') {
      const open = this.#readers
        .filter((reader) => !reader.end)
        .map((reader) => `${reader.streamId} at ${reader.cursor}`)
      throw new Violation(`after ${settleLimit} ms these readers had not reached the end: ${open.join(', ')}`)
    }
    if (this.#violation) throw this.#violation
  }

  /** Holds what was seen against what is saved. */
  async judge(): Promise<ChaosReport> {
    const outcomes: Record<string, number> = {}
    for (const id of this.#streams) {
      const { stream } = await this.#ask(operations.look, { id }, z.object({ stream: streamSchema }))
      outcomes[stream.status] = (outcomes[stream.status] ?? 0) + 1
      this.#judgeStream(stream)
    }
    for (const id of [...this.#sessions, ...this.#continued]) await this.#judgeLog(id)
    for (const id of [...this.#sessions]) await this.#judgeUsable(id)
    const times = this.#cancelTimes.toSorted((a, b) => a - b)
    return {
      streams: this.#streams.size,
      readers: this.#readers.length,
      connections: this.#readers.reduce((sum, reader) => sum + reader.connections, 0),
      kills: this.#kills,
      continued: this.#continued.size,
      cancels: times.length,
      outcomes,
      cancelMilliseconds: { most: times.at(-1) ?? 0, p99: times[Math.ceil(times.length * 0.99) - 1] ?? 0 },
    }
  }

  async end(): Promise<void> {
    this.#over = true
    await (await this.#server).end('SIGKILL')
    this.#provider.close()
    await Promise.allSettled(this.#reading)
    rmSync(this.#home, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    const sessionId =
      this.#sessions.size > 0 && this.#dice.chance(0.7) ? this.#dice.pick([...this.#sessions]) : undefined
    const input = {
      text: `message ${this.#streams.size}`,
      ifBusy: this.#dice.pick(['REJECT', 'QUEUE', 'INTERRUPT']),
      ...(sessionId && { sessionId }),
      ...(this.#dice.chance(0.3) && { key: `key ${this.#dice.between(0, 1_000_000_000)}` }),
    }
    const schema = z.object({ startChat: z.object({ id: z.string(), session: z.object({ id: z.string() }) }) })
    const started = await this.#ask(operations.start, { input }, schema).catch((error: unknown) => {
      const tipId = continuedIn(error)
      if (sessionId === undefined || tipId === null) return ignoreRefusal(error)
      this.#goOn(sessionId, tipId)
      return null
    })
    if (!started) return
    this.#streams.add(started.startChat.id)
    this.#sessions.add(started.startChat.session.id)
    this.#watch(new Reader(started.startChat.id, this.#dice.split(), () => this.#url()))
  }

  /** The chat goes on in another session, as somebody was told who spoke in the old one. */
  #goOn(sessionId: string, tipId: string): void {
    this.#sessions.delete(sessionId)
    this.#sessions.add(tipId)
    this.#continued.add(sessionId)
  }

  #follow(): void {
    if (this.#streams.size === 0) return
    this.#watch(new Reader(this.#dice.pick([...this.#streams].slice(-8)), this.#dice.split(), () => this.#url()))
  }

  #watch(reader: Reader): void {
    this.#readers.push(reader)
    this.#reading.push(
      reader
        .read(() => this.#over)
        .catch((error: unknown) => {
          this.#violation ??= error
        }),
    )
  }

  async #cancel(): Promise<void> {
    if (this.#streams.size === 0) return
    const id = this.#dice.pick([...this.#streams].slice(-5))
    const schema = z.object({
      cancelStream: z.object({
        outcome: z.string(),
        lastSeq: z.int(),
        stream: z.object({ status: z.string() }),
        message: z.object({ id: z.string(), digest: z.string() }).nullable(),
      }),
    })
    const begun = performance.now()
    const answers = await Promise.all(
      Array.from({ length: this.#dice.between(1, 2) }, () =>
        this.#ask(operations.cancel, { id }, schema).catch(ignoreRefusal),
      ),
    )
    this.#cancelTimes.push(performance.now() - begun)
    for (const answer of answers) {
      if (!answer) continue
      const { lastSeq, message } = answer.cancelStream
      const said = { lastSeq, digest: message?.digest ?? null }
      const before = this.#cancelled.get(id)
      if (before && (before.lastSeq !== said.lastSeq || before.digest !== said.digest)) {
        throw new Violation(`stream ${id}: cancel answered ${JSON.stringify(said)} after ${JSON.stringify(before)}`)
      }
      this.#cancelled.set(id, said)
    }
  }

  async #kill(): Promise<void> {
    const server = await this.#server
    this.#kills += 1
    this.#server = server.end('SIGKILL').then(() => this.#startServer())
    await this.#server
  }

  #judgeStream(stream: z.output<typeof streamSchema>): void {
    const what = `stream ${stream.id} (${stream.status})`
    if (!['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED'].includes(stream.status))
      throw new Violation(`${what} has no end`)
    const digest = stream.message?.digest ?? null
    const said = this.#cancelled.get(stream.id)
    if (said && (said.digest !== digest || said.lastSeq !== stream.lastSeq)) {
      throw new Violation(`${what}: cancel said ${JSON.stringify(said)}, saved is ${digest} at ${stream.lastSeq}`)
    }
    for (const reader of this.#readers.filter(({ streamId }) => streamId === stream.id)) {
      if (!reader.end) throw new Violation(`${what}: a reader was left at ${reader.cursor}`)
      if (reader.cursor !== stream.lastSeq) throw new Violation(`${what}: a reader ended at ${reader.cursor}`)
      const seen = reader.folded.isEmpty ? null : reader.folded.digest
      if (seen !== digest) throw new Violation(`${what}: a reader folded to ${seen}, saved is ${digest}`)
    }
  }

  /** Every stream that anybody heard of ends once in its session's log; numbers ascend. */
  async #judgeLog(sessionId: string): Promise<void> {
    const ends = new Map<string, number>()
    let after = 0
    let last = ''
    for (;;) {
      const schema = z.object({
        events: z.array(z.object({ type: z.string(), seq: z.int(), streamId: z.string().nullable() })),
      })
      const { events } = await this.#ask(operations.log, { id: sessionId, after }, schema)
      for (const { type, seq, streamId } of events) {
        if (seq <= after) throw new Violation(`session ${sessionId}: ${seq} behind ${after}`)
        if (last === 'SessionContinued') throw new Violation(`session ${sessionId}: ${type} behind its last event`)
        after = seq
        last = type
        if (type === 'StreamFinished' && streamId) ends.set(streamId, (ends.get(streamId) ?? 0) + 1)
      }
      if (events.length === 0) break
    }
    for (const [streamId, count] of ends)
      if (count !== 1) throw new Violation(`stream ${streamId} ended ${count} times`)
    if (this.#continued.has(sessionId) && last !== 'SessionContinued')
      throw new Violation(`session ${sessionId} goes on in another one, and its log ends with ${last}`)
  }

  /** Whatever happened in it, the session takes the next message, or the one does that it goes on in. */
  async #judgeUsable(sessionId: string): Promise<void> {
    // It may be about to be compacted.
    const input = { sessionId, text: 'are you there?', model: 'offline/eliza', ifBusy: 'INTERRUPT' }
    const schema = z.object({ startChat: z.object({ id: z.string() }) })
    const tipId = await this.#ask(operations.start, { input }, schema).then(
      async ({ startChat }) => {
        await this.#ask(operations.cancel, { id: startChat.id }, z.unknown())
        return null
      },
      (error: unknown) => {
        const tip = continuedIn(error)
        if (tip === null) throw error
        return tip
      },
    )
    if (tipId !== null) await this.#judgeUsable(tipId)
  }

  async #url(): Promise<string> {
    return `${(await this.#server).url}/graphql`
  }

  async #startServer(): Promise<ServerProcess> {
    return startProcess({ argv: ['--port', '0', '--home', this.#home, '--no-hermes'] })
  }

  async #ask<T>(query: string, variables: object, schema: z.ZodType<T>): Promise<T> {
    const response = await fetch(await this.#url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = answerSchema.parse(await response.json())
    const refusal = errors?.[0]?.extensions
    if (refusal) throw new Refused(refusal.code, refusal.tipId ?? null)
    return schema.parse(data)
  }
}

const streamSchema = z.object({
  id: z.string(),
  status: z.string(),
  lastSeq: z.int(),
  message: z.object({ id: z.string(), status: z.string(), digest: z.string() }).nullable(),
})

const answerSchema = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string(), tipId: z.string().optional() }) })).optional(),
})

class Refused extends Error {
  override readonly name = 'Refused'
  readonly tipId: string | null

  constructor(code: string, tipId: string | null) {
    super(code)
    this.tipId = tipId
  }
}

/** The session in which the one goes on that was spoken to; null when that is not what was wrong. */
function continuedIn(error: unknown): string | null {
  return error instanceof Refused && error.message === 'STALE' ? error.tipId : null
}

/** A session that is busy, or a server that is just being killed, is part of the day. A fault of the server is not. */
function ignoreRefusal(error: unknown): null {
  if (error instanceof Refused && !['SESSION_BUSY', 'RATE_LIMITED'].includes(error.message)) {
    throw new Violation(`the server answered ${error.message}`)
  }
  return null
}
