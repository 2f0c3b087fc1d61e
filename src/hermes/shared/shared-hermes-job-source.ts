import { parseHermesJobRunId } from '../cron/runs/hermes-job-run-key.ts'
import type { HermesJobSource } from '../hermes-job-source.ts'
import { isHermesUnreachable } from './remote-hermes-source.ts'
import type { SharedHermesAgent } from './shared-hermes-agent.ts'

export interface SharedHermesJobSourceOptions {
  readonly agent: Pick<SharedHermesAgent, 'findLocalReader'>
  readonly remote: HermesJobSource
}

/**
 * The jobs of a Hermes agent where several processes share a database: the process that reads its files reads them. While it is
 * gone, the list is empty, because it is one with that of Segue's jobs, nothing changes, and a job or run throws STORAGE.
 */
export function createSharedHermesJobSource({ agent, remote }: SharedHermesJobSourceOptions): HermesJobSource {
  const findSource = async (): Promise<HermesJobSource> => (await agent.findLocalReader())?.jobs.source ?? remote
  return {
    listJobs: async () => {
      const source = await findSource()
      return source.listJobs().catch((error: unknown) => {
        if (isHermesUnreachable(error)) return []
        throw error
      })
    },
    findJob: async (id) => (await findSource()).findJob(id),
    listRuns: async (jobId, page) => (await findSource()).listRuns(jobId, page),
    // Anything can be looked up by its id: nobody is asked for what is no run.
    findRun: async (id) => (parseHermesJobRunId(id) ? (await findSource()).findRun(id) : null),
    scanRuns: async (version) => (await findSource()).scanRuns(version).catch(() => null),
    findRuns: async (ids) => (await findSource()).findRuns(ids).catch(() => null),
    listFinishedRuns: async (query) => (await findSource()).listFinishedRuns(query).catch(() => null),
  }
}
