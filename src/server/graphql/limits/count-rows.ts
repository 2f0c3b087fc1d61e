import type { ViewerProfiles } from '../../../services/viewer-profiles.ts'
import type { RowCounts } from './list-sizes.ts'

/** How the rows of lists without pages are counted: of the profile that has most, because any may be asked for. */
const counters: ReadonlyMap<string, (profiles: ViewerProfiles) => Promise<number>> = new Map([
  ['Query.profiles', async (profiles: ViewerProfiles) => (await profiles.listNames()).length],
  ['Query.jobs', countJobs],
  ['Profile.jobs', countJobs],
])

/** Whether the rows of a list, such as `Profile.jobs`, can be counted at little cost. */
export function isCountable(list: string): boolean {
  return counters.has(list)
}

/** Counts the rows of these lists. */
export async function countRows(lists: readonly string[], profiles: ViewerProfiles): Promise<RowCounts> {
  const counts = await Promise.all(
    lists.map(async (list): Promise<[string, number]> => [list, (await counters.get(list)?.(profiles)) ?? 0]),
  )
  return new Map(counts)
}

async function countJobs(profiles: ViewerProfiles): Promise<number> {
  const counts = (await profiles.openAll()).map(({ jobs }) => jobs.count())
  return Math.max(0, ...(await Promise.all(counts)))
}
