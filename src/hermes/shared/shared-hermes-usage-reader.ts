import type { HermesIndex } from '../../storage/installation/hermes-index.ts'
import type { ForeignUsagePage, ForeignUsageQuery, ForeignUsageReader } from '../../storage/usage/usage-sum-store.ts'
import { parseHermesJobIdOfSession } from '../usage/read-hermes-session-usage.ts'
import type { SharedHermesAgent } from './shared-hermes-agent.ts'

export interface SharedHermesUsageReaderOptions {
  readonly agent: Pick<SharedHermesAgent, 'publish'>
  readonly index: Pick<HermesIndex, 'listSessionUsage'>
}

/** What Hermes' sessions have used, as the process that reads them has stored it for all. */
export class SharedHermesUsageReader implements ForeignUsageReader {
  readonly #options: SharedHermesUsageReaderOptions

  constructor(options: SharedHermesUsageReaderOptions) {
    this.#options = options
  }

  async listSessionUsage(query: ForeignUsageQuery): Promise<ForeignUsagePage> {
    const { agent, index } = this.#options
    await agent.publish()
    const { sessions, next } = await index.listSessionUsage(query)
    const withJobs = sessions.map(({ session, at, answers }) => {
      const jobId = parseHermesJobIdOfSession(session.id)
      return { session, jobId, at, answers }
    })
    return { sessions: withJobs, next }
  }
}
