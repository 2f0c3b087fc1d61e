import { schemaBuilder } from '../schema-builder.ts'

export const JobStateEnum = schemaBuilder.enumType('JobState', {
  description: 'The state of a job.',
  values: {
    SCHEDULED: { description: 'The job waits for its next due time.' },
    PAUSED: { description: 'The job is disabled.' },
    RUNNING: { description: 'A run of the job is in progress.' },
    COMPLETED: {
      description:
        'The job has no further due time, it has reached its `repeatLimit`, or Hermes has removed it and it still has runs.',
    },
    ERROR: { description: 'The schedule of the job is invalid. `Job.error` says why.' },
  } as const,
})

export const JobTriggerEnum = schemaBuilder.enumType('JobTrigger', {
  description: 'What started a run.',
  values: {
    SCHEDULE: { description: 'The schedule of the job.' },
    MANUAL: {
      description: 'A call of `runJob`. It does not count towards `repeatLimit` and does not change the schedule.',
    },
  } as const,
})

export const JobRunStatusEnum = schemaBuilder.enumType('JobRunStatus', {
  description: 'The state of a run. All values but RUNNING are final.',
  values: {
    RUNNING: { description: 'The run is in progress.' },
    OK: { description: 'The run ended with an answer.' },
    ERROR: { description: 'The run failed or ended without an answer. `JobRun.error` says why.' },
    CANCELLED: { description: 'The stream of the run was cancelled.' },
    INTERRUPTED: {
      description:
        'The process that ran the job, the server or Hermes, stopped before the run ended. Also a Hermes run of which only a session is known that has not ended.',
    },
  } as const,
})
