import type { Usage } from '../../model/usage.ts'
import { type StreamRow, streamUsageFromRow } from '../rows/stream-row.ts'
import { type UsageSumRow, usageSumFromRow } from '../rows/usage-sum-row.ts'
import type { UsageSumQuery, UsageSumReader, UsageSumRecord } from '../usage/usage-sum-store.ts'
import type { PostgresStatement } from './database/postgres-statement.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'

const selectSums: PostgresStatement = {
  name: 'select-usage-sums',
  text: `SELECT day, key, answers, usage FROM usage_sums
    WHERE profile = $1 AND dimension = $2 AND (day, key) > ($3, $4) AND day <= $5 ORDER BY day, key LIMIT $6`,
}

const selectForeignRunning: PostgresStatement = {
  name: 'select-foreign-running-usage',
  text: 'SELECT usage FROM streams WHERE profile = $1 AND finished_at IS NULL AND owner <> $2',
}

/** Reads the sums of usage of a profile. The event store writes them. */
export class PostgresUsageSumStore implements UsageSumReader {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async listUsageSums({ dimension, fromDay, toDay, after, limit }: UsageSumQuery): Promise<UsageSumRecord[]> {
    const start = [after?.day ?? fromDay, after?.key ?? '']
    const rows = await this.#database.query<UsageSumRow>(selectSums, [dimension, ...start, toDay, limit])
    return rows.map(usageSumFromRow)
  }

  async listForeignRunningUsage(): Promise<Usage[]> {
    const { process } = this.#database
    const rows = await this.#database.query<Pick<StreamRow, 'usage'>>(selectForeignRunning, [process])
    return rows.map(streamUsageFromRow)
  }
}
