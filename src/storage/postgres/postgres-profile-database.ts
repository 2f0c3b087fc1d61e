import { SegueError } from '../../lib/errors.ts'
import { Notifier } from '../../lib/async/notifier.ts'
import type { Origin } from '../../model/session.ts'
import type { StorageHealth } from '../health/storage-health.ts'
import { createProfile } from './database/create-profile.ts'
import type { PostgresDatabase } from './database/postgres-database.ts'
import { isOfMissingProfile } from './database/postgres-errors.ts'
import type {
  PostgresConnection,
  PostgresStatement,
  PostgresTransaction,
  PostgresValue,
} from './database/postgres-statement.ts'
import type { ChangeHub, ChangeSubscriber } from './notifications/change-hub.ts'
import { PostgresChangeNotifier } from './notifications/postgres-change-notifier.ts'

export interface PostgresProfileDatabaseOptions {
  /** Tells the other processes of changes. Default: nobody is told. */
  readonly hub?: ChangeHub
  /** Is told of failures. Default: nobody is. */
  readonly health?: StorageHealth
  /** Called when another process has deleted the profile. */
  readonly onDeleted?: () => void
}

type TransactionBody<Result> = (transaction: PostgresTransaction) => Promise<Result>

/** Published by a process that has added an approval rule. */
export const approvalRulesTopic = 'approval_rules'

/** Published by a process that has deleted the profile. */
export const deletionTopic = 'deletion'

/** Published by a process that has changed the conversation index, or what is to be indexed. */
export const conversationsTopic = 'conversations'

/** The rows of one profile. $1 of every statement is the profile's name; `values` are $2, $3, … */
export class PostgresProfileDatabase implements PostgresConnection {
  readonly profile: string
  readonly changes = {
    decisions: new PostgresChangeNotifier(() => this.publish('decisions')),
    jobRuns: new PostgresChangeNotifier(() => this.publish('job_runs')),
    foreignApprovalRules: new Notifier(),
    orphans: new Notifier(),
  }
  readonly #database: PostgresDatabase
  readonly #options: PostgresProfileDatabaseOptions
  readonly #unsubscribe: (() => void) | undefined
  readonly #subscribers = new Set<ChangeSubscriber>()
  /** The first write adds the row of the profile. */
  #hasRow = false
  #isClosed = false
  #onWritten: () => void = () => undefined

  constructor(database: PostgresDatabase, profile: string, options: PostgresProfileDatabaseOptions = {}) {
    this.#database = database
    this.profile = profile
    this.#options = options
    this.#unsubscribe = options.hub?.subscribe(profile, (topic) => this.#onChanged(topic))
    options.health?.setProbe('database', async () => void (await database.write(profile, createProfile)))
  }

  /** The fencing number of this process; see `ProcessLease`. */
  get process(): number {
    return this.#database.process
  }

  /** Tells the other processes of a change that is committed. `topic`: a feed by its name, or the id of a session. */
  publish(topic: string): void {
    this.#options.hub?.publish({ profile: this.profile, topic })
  }

  /** Called with the topics that other processes publish. */
  onChanged(subscriber: ChangeSubscriber): void {
    this.#subscribers.add(subscriber)
  }

  /** One statement by itself. */
  query<Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]> {
    return this.#run(() => this.#database.query(this.profile, statement, values))
  }

  /** Several statements that see one snapshot. */
  readSnapshot<Result>(read: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    return this.#run(() => this.#database.readSnapshot(this.profile, read))
  }

  /** All of it or nothing. `write` is called again after a deadlock: it changes nothing but rows. */
  write<Result>(write: TransactionBody<Result>): Promise<Result> {
    return this.#writeAs('SEGUE', write)
  }

  /** The same, but the profile becomes none of Segue: what is written is of Hermes. */
  writeOfHermes<Result>(write: TransactionBody<Result>): Promise<Result> {
    return this.#writeAs('HERMES', write)
  }

  /** The same for what changes only rows that exist: the profile need not exist afterwards. */
  writeExisting<Result>(write: TransactionBody<Result>): Promise<Result> {
    return this.#run(() => this.#runTransaction(write))
  }

  /** There is one listener, which is called after each commit of this process. */
  onWritten(listener: () => void): void {
    this.#onWritten = listener
  }

  /** Every later call throws NOT_FOUND. */
  close(): void {
    this.#isClosed = true
    this.#unsubscribe?.()
    this.#options.health?.close()
  }

  #writeAs<Result>(origin: Origin, write: TransactionBody<Result>): Promise<Result> {
    return this.#run(async () => {
      if (!this.#hasRow) await this.#database.write(this.profile, (transaction) => createProfile(transaction, origin))
      this.#hasRow = true
      return this.#runTransaction(write)
    })
  }

  async #runTransaction<Result>(write: TransactionBody<Result>): Promise<Result> {
    const result = await this.#database.write(this.profile, write)
    this.#options.health?.recover('database')
    this.#onWritten()
    return result
  }

  async #run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new SegueError('NOT_FOUND', 'This profile was closed.')
    try {
      return await work()
    } catch (error) {
      if (isOfMissingProfile(error)) {
        this.#options.onDeleted?.()
        throw new SegueError('NOT_FOUND', 'This profile was deleted.')
      }
      this.#options.health?.report('database', error)
      throw error
    }
  }

  #onChanged(topic: string | null): void {
    if (topic === deletionTopic) this.#options.onDeleted?.()
    if (topic === null || topic === 'decisions') this.changes.decisions.notifyLocally()
    if (topic === null || topic === approvalRulesTopic) this.changes.foreignApprovalRules.notify()
    if (topic === null || topic === 'job_runs') this.changes.jobRuns.notifyLocally()
    for (const subscriber of this.#subscribers) subscriber(topic)
  }
}
