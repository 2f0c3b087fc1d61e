import type { ProfileServices } from '../../../services/profile-services.ts'
import type { ViewerProfiles } from '../../../services/viewer-profiles.ts'
import type { RowCounts } from './list-sizes.ts'

const countJobs = (profiles: ViewerProfiles): Promise<number> => findMost(profiles, ({ jobs }) => jobs.count())

/** How the rows of lists without pages are counted: of the profile that has most, because any may be asked for. */
const counters: ReadonlyMap<string, (profiles: ViewerProfiles) => Promise<number>> = new Map([
  ['Query.profiles', async (profiles: ViewerProfiles) => (await profiles.listNames()).length],
  ['Query.jobs', countJobs],
  ['Profile.jobs', countJobs],
  // The offline provider has no entry in the configuration.
  ['Profile.providers', (profiles) => findMost(profiles, ({ providers }) => providers.list().length + 1)],
  ['Query.mcpServers', (profiles) => findMost(profiles, ({ toolbox }) => toolbox.listMcpServers().length)],
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

async function findMost(
  profiles: ViewerProfiles,
  count: (services: ProfileServices) => number | Promise<number>,
): Promise<number> {
  const counts = await Promise.all((await profiles.openAll()).map((services) => count(services)))
  return counts.reduce((most, each) => Math.max(most, each), 0)
}
