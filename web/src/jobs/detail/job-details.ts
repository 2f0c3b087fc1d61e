import type { JobDetailQuery } from '../../graphql/generated/graphql.ts'

/** A job as its page shows it. */
export type JobDetails = NonNullable<JobDetailQuery['job']>
