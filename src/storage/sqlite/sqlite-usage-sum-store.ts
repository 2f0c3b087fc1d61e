import type { UsageSumQuery, UsageSumReader, UsageSumRecord } from '../usage/usage-sum-store.ts'
import { readUsageSums } from './tables/usage-sum-table.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'

/** Reads the sums of usage in a profile's database. The event store writes them. */
export class SqliteUsageSumStore implements UsageSumReader {
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async listUsageSums(query: UsageSumQuery): Promise<UsageSumRecord[]> {
    return readUsageSums(this.#database, query)
  }

  async listForeignRunningUsage(): Promise<[]> {
    return []
  }
}
