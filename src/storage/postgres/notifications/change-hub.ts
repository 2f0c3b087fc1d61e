import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresDatabase } from '../database/postgres-database.ts'
import { ChangeListener } from './change-listener.ts'
import { type ChangeTopic, parsePayload, toPayloads } from './change-message.ts'

export interface ChangeHubOptions {
  readonly database: PostgresDatabase
  /** Where to listen. */
  readonly listenUrl: string
  readonly onError: (error: Error) => void
  /** How often it is tested that notifications arrive, in milliseconds. Default: 5,000. */
  readonly testIntervalMs?: number
  /** How often subscribers poll for changes whose notification was lost, in milliseconds. Default: 10,000. */
  readonly pollIntervalMs?: number
}

/** Is told of a topic that another process has changed; null: any may have changed. */
export type ChangeSubscriber = (topic: string | null) => void

const defaultTestIntervalMs = 5_000
/** While notifications do not arrive, subscribers poll for changes this often, in milliseconds. */
const unnotifiedPollIntervalMs = 250
/**
 * A process that dies between a commit and its notification tells nobody. What it leaves has to be known elsewhere within 15
 * seconds. A poll costs a process a few short statements for each profile, one for the readers of all sessions of a profile,
 * and one for each client that follows its decisions or its runs of jobs.
 */
const defaultPollIntervalMs = 10_000
/** After this time, a notification that could not be sent is sent again. */
const resendDelayMs = 500
/** Of more changes than these, those that wait to be sent again are dropped: others find them when they poll. */
const maxUnsent = 10_000

/**
 * Passes on what commits change to the other processes of the installation, by LISTEN and NOTIFY: one notification for all
 * commits while another one is sent. Nothing depends on it: subscribers are also told, now and then, that anything may have
 * changed, and all the time where notifications do not arrive, as behind a pooler, or while the connection is broken.
 */
export class ChangeHub {
  readonly #options: ChangeHubOptions
  readonly #channel: string
  readonly #id = randomUUID()
  readonly #listener: ChangeListener
  readonly #subscribers = new Map<string, Set<ChangeSubscriber>>()
  readonly #timers: readonly NodeJS.Timeout[]
  /** What is to be sent, without duplicates. */
  #pending = new Map<string, ChangeTopic>()
  #sending: Promise<void> | null = null
  /** Whether the last notification could not be sent. */
  #isFailing = false
  readonly #closing = new AbortController()
  /** Whether the last test has arrived. */
  #isWorking = false
  #isTestArriving = false

  constructor(options: ChangeHubOptions) {
    this.#options = options
    this.#channel = `segue ${options.database.schema}`
    this.#listener = new ChangeListener({
      url: options.listenUrl,
      channel: this.#channel,
      onPayload: (payload) => this.#receive(payload),
      onListening: () => this.#onListening(),
      onError: (error) => {
        this.#isWorking = false
        options.onError(error)
      },
    })
    this.#timers = [
      setInterval(() => this.#test(), options.testIntervalMs ?? defaultTestIntervalMs).unref(),
      setInterval(() => this.#poll(), unnotifiedPollIntervalMs).unref(),
      setInterval(() => this.#tellAll(), options.pollIntervalMs ?? defaultPollIntervalMs).unref(),
    ]
  }

  /** Whether notifications arrive. */
  get isWorking(): boolean {
    return this.#isWorking
  }

  /** Tells the subscribers of the other processes of a change that is committed. */
  publish(change: ChangeTopic): void {
    this.#pending.set(`${change.profile} ${change.topic}`, change)
    this.#sending ??= this.#send()
  }

  /** Returns what ends the subscription. */
  subscribe(profile: string, subscriber: ChangeSubscriber): () => void {
    const subscribers = this.#subscribers.get(profile) ?? new Set()
    this.#subscribers.set(profile, subscribers.add(subscriber))
    return () => {
      subscribers.delete(subscriber)
      if (subscribers.size === 0) this.#subscribers.delete(profile)
    }
  }

  /** Sends what is left, if that can be sent, and stops listening. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const timer of this.#timers) clearInterval(timer)
    await this.#sending
    await this.#listener.close()
  }

  async #send(): Promise<void> {
    // What is published until then is sent together.
    await Promise.resolve()
    while (this.#pending.size > 0) {
      const isLast = this.#closing.signal.aborted
      const isSent = await this.#sendPending()
      if (isSent) continue
      if (isLast) break
      await delay(resendDelayMs, undefined, { ref: false, signal: this.#closing.signal }).catch(() => undefined)
    }
    this.#sending = null
  }

  /** Resolves to false if that fails: it is still pending then. */
  async #sendPending(): Promise<boolean> {
    const unsent = this.#pending
    this.#pending = new Map()
    try {
      await this.#notify(toPayloads(this.#id, [...unsent.values()]))
      this.#isFailing = false
      return true
    } catch (error) {
      if (unsent.size <= maxUnsent) this.#pending = new Map([...unsent, ...this.#pending])
      if (!this.#isFailing && error instanceof Error) this.#options.onError(error)
      this.#isFailing = true
      return false
    }
  }

  async #notify(payloads: readonly string[]): Promise<void> {
    await this.#options.database.withClient((client) =>
      client.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [this.#channel, payloads]),
    )
  }

  #receive(payload: string): void {
    const message = parsePayload(payload)
    if (!message) return
    if (message.from === this.#id) {
      this.#isTestArriving = true
      this.#isWorking = true
      return
    }
    for (const [profile, topics] of Object.entries(message.topics)) {
      for (const subscriber of this.#subscribers.get(profile) ?? []) for (const topic of topics) subscriber(topic)
    }
  }

  #onListening(): void {
    this.#tellAll()
    this.#test()
  }

  /** Sends a notification to this process. If the one before has not arrived, the connection is replaced. */
  #test(): void {
    if (this.#isWorking && !this.#isTestArriving) this.#listener.reconnect()
    if (!this.#isTestArriving) this.#isWorking = false
    this.#isTestArriving = false
    this.#notify([JSON.stringify({ from: this.#id, topics: {} })]).catch(() => (this.#isWorking = false))
  }

  #poll(): void {
    if (!this.#isWorking) this.#tellAll()
  }

  #tellAll(): void {
    for (const subscribers of this.#subscribers.values()) for (const subscriber of subscribers) subscriber(null)
  }
}
