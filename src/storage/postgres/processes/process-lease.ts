import type { PostgresDatabase } from '../database/postgres-database.ts'
import { ConfigurationHash } from './configuration-hash.ts'

export interface ProcessLeaseOptions {
  /** Its connections are not those of chats, which may all wait for something. A statement that takes long has to fail in time. */
  readonly database: PostgresDatabase
  /** Called with the number of this process, and again whenever it gets another one. */
  readonly onNumber: (number: number) => void
  /** Called after each renewal: processes may have died since the last one. */
  readonly onRenewed: () => void
  readonly onError: (error: unknown) => void
  /** A hash of what this process is configured with. Default: the same for all. */
  readonly hashConfiguration?: () => Promise<string>
  /** Told with each renewal whether all processes that live have the same configuration. */
  readonly onConfigurationsCompared?: (areEqual: boolean) => void
  /** Default: 10,000. */
  readonly durationMs?: number
  /** How often the lease is renewed, and others are looked at. Default: 2,500. */
  readonly renewalIntervalMs?: number
}

const defaultDurationMs = 10_000
const defaultRenewalIntervalMs = 2_500
/** A process whose configuration is not known yet. It is compared with none. */
const unknownConfiguration = ''

const renewLease = `UPDATE processes SET lease_until = clock_timestamp() + $2 * interval '1 ms', configuration = $3
  WHERE number = $1`

/** Waits for no process that has stopped while it did the same. */
const deleteExpired = `DELETE FROM processes WHERE number IN (
    SELECT number FROM processes WHERE lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED
  )`

const selectDifferent = `SELECT 1 FROM processes WHERE configuration NOT IN ($1, '${unknownConfiguration}') LIMIT 1`

/** The number is the time in microseconds: nothing is inserted if another process has got it. */
const insertProcess = `INSERT INTO processes (lease_until, configuration)
  VALUES (clock_timestamp() + $1 * interval '1 ms', $2) ON CONFLICT DO NOTHING RETURNING number`

/**
 * Tells the other processes of the installation that this one lives. A process whose lease has run out is removed by any
 * other one, which then takes over its streams. From then on, nothing that names its number is written. All times are those
 * of the database.
 */
export class ProcessLease {
  readonly #options: ProcessLeaseOptions
  readonly #durationMs: number
  readonly #configuration: ConfigurationHash
  #timer: NodeJS.Timeout | null = null
  #number = 0
  #renewal: Promise<void> | null = null
  #isClosed = false

  private constructor(options: ProcessLeaseOptions) {
    const { hashConfiguration = () => Promise.resolve(unknownConfiguration), durationMs = defaultDurationMs } = options
    this.#options = options
    this.#durationMs = durationMs
    this.#configuration = new ConfigurationHash(hashConfiguration, options.onError)
  }

  /** Gives this process a fencing number, and another one whenever it has lost its lease. */
  static async acquire(options: ProcessLeaseOptions): Promise<ProcessLease> {
    const lease = new ProcessLease(options)
    await lease.#insert(await lease.#configuration.read())
    const intervalMs = options.renewalIntervalMs ?? defaultRenewalIntervalMs
    lease.#timer = setInterval(() => lease.#renewSoon(), intervalMs).unref()
    return lease
  }

  /** Ends the lease: others take over at once what this process owns. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer) clearInterval(this.#timer)
    await this.#renewal
    await this.#options.database.withClient((client) =>
      client.query('DELETE FROM processes WHERE number = $1', [this.#number]),
    )
  }

  #renewSoon(): void {
    this.#renewal ??= this.#renew()
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => (this.#renewal = null))
  }

  async #renew(): Promise<void> {
    const { database, onRenewed, onConfigurationsCompared } = this.#options
    const configuration = await this.#configuration.read()
    const { isRenewed, areEqual } = await database.withClient(async (client) => {
      const values = [this.#number, this.#durationMs, configuration ?? unknownConfiguration]
      const renewed = await client.query(renewLease, values)
      await client.query(deleteExpired)
      const others = await client.query(selectDifferent, [configuration])
      return { isRenewed: renewed.rowCount === 1, areEqual: others.rowCount === 0 }
    })
    if (configuration !== null) onConfigurationsCompared?.(areEqual)
    if (!isRenewed && !this.#isClosed) await this.#insert(configuration)
    onRenewed()
  }

  async #insert(configuration: string | null): Promise<void> {
    const values = [this.#durationMs, configuration ?? unknownConfiguration]
    for (let number = 0; number === 0;) {
      const { rows } = await this.#options.database.withClient((client) =>
        client.query<{ number: number }>(insertProcess, values),
      )
      number = rows[0]?.number ?? 0
      this.#number = number
    }
    this.#options.onNumber(this.#number)
  }
}
