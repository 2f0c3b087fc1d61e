import type { PostgresDatabase } from '../database/postgres-database.ts'

export interface ProcessLeaseOptions {
  readonly database: PostgresDatabase
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

/**
 * Tells the other processes of the installation that this one lives. A process whose lease has run out is removed by any
 * other one, which then takes over its streams. From then on, nothing that names its number is written. All times are those
 * of the database.
 */
export class ProcessLease {
  readonly #options: ProcessLeaseOptions
  readonly #durationMs: number
  readonly #timer: NodeJS.Timeout
  #number: number
  #renewal: Promise<void> | null = null
  #isClosed = false

  private constructor(options: ProcessLeaseOptions, number: number, durationMs: number) {
    this.#options = options
    this.#number = number
    options.database.process = number
    this.#durationMs = durationMs
    this.#timer = setInterval(() => this.#renewSoon(), options.renewalIntervalMs ?? defaultRenewalIntervalMs).unref()
  }

  /** Gives this process a fencing number, and another one whenever it has lost its lease: that of the `database`. */
  static async acquire(options: ProcessLeaseOptions): Promise<ProcessLease> {
    const durationMs = options.durationMs ?? defaultDurationMs
    const number = await insertProcess(options, durationMs)
    return new ProcessLease(options, number, durationMs)
  }

  /** Ends the lease: others take over at once what this process owns. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
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
    const { database, onRenewed, hashConfiguration, onConfigurationsCompared } = this.#options
    const configuration = (await hashConfiguration?.()) ?? ''
    const { isRenewed, areEqual } = await database.withClient(async (client) => {
      const renewed = await client.query(
        `UPDATE processes SET lease_until = clock_timestamp() + $2 * interval '1 ms', configuration = $3 WHERE number = $1`,
        [this.#number, this.#durationMs, configuration],
      )
      await client.query('DELETE FROM processes WHERE lease_until < clock_timestamp()')
      const others = await client.query('SELECT 1 FROM processes WHERE configuration <> $1 LIMIT 1', [configuration])
      return { isRenewed: renewed.rowCount === 1, areEqual: others.rowCount === 0 }
    })
    onConfigurationsCompared?.(areEqual)
    if (!isRenewed && !this.#isClosed) {
      this.#number = await insertProcess(this.#options, this.#durationMs)
      database.process = this.#number
    }
    onRenewed()
  }
}

async function insertProcess(
  { database, hashConfiguration }: Pick<ProcessLeaseOptions, 'database' | 'hashConfiguration'>,
  durationMs: number,
): Promise<number> {
  const configuration = (await hashConfiguration?.()) ?? ''
  const { rows } = await database.withClient((client) =>
    client.query<{ number: number }>(
      `INSERT INTO processes (lease_until, configuration) VALUES (clock_timestamp() + $1 * interval '1 ms', $2)
        RETURNING number`,
      [durationMs, configuration],
    ),
  )
  const [row] = rows
  if (!row) throw new Error('PostgreSQL returned no number for this process.')
  return row.number
}
