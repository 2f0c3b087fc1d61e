import type { JobSummaryFragment } from '../graphql/generated/graphql.ts'

/** Another one when a run of the job has started or ended. */
export const toRunVersion = ({ lastRun }: Pick<JobSummaryFragment, 'lastRun'>): string =>
  lastRun ? `${lastRun.id} ${lastRun.status}` : ''
