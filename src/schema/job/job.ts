import { generateUpcomingJobRuns } from '../../jobs/job-state.ts'
import { collectInSteps } from '../../lib/event-loop/collect-in-steps.ts'
import { assertIntInRange } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { JobRunObjectType, JobObjectType, ProfileObjectType } from '../object-refs.ts'
import { positionCursor } from '../relay/cursors.ts'
import { resolveKeysetConnection } from '../relay/keyset-connection.ts'
import { OriginEnum } from '../session/session-enums.ts'
import { BudgetType } from './budget.ts'
import { JobStateEnum } from './job-enums.ts'

/** As many as other lists return: a year of daily runs fits. */
const maxNextRuns = 1000
const defaultNextRuns = 3

JobObjectType.implement({
  description: 'A prompt that is sent to an agent on a schedule. Each run is a session of its own.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The id of the job: `job_…` for a Segue job, the id that Hermes assigned for a Hermes job.',
    }),
    origin: t.expose('origin', {
      type: OriginEnum,
      description: 'Where the job is stored. Changing or running a Hermes job causes JOB_READ_ONLY.',
    }),
    profile: t.field({
      type: ProfileObjectType,
      description: 'The profile that the job belongs to and runs in.',
      resolve: ({ profile }) => ({ name: profile }),
    }),
    name: t.exposeString('name', {
      description: 'The name of the job. It is the title of its sessions. For a job that Hermes has removed, its id.',
    }),
    prompt: t.exposeString('prompt', { description: 'The message that the agent receives in each run.' }),
    schedule: t.exposeString('schedule', {
      description: 'The schedule: a cron expression, `every 30m`, `in 2h` or an RFC 3339 time.',
    }),
    timezone: t.exposeString('timezone', {
      description: 'The IANA time zone that a cron expression refers to, such as `Europe/Berlin`.',
    }),
    recurring: t.exposeBoolean('recurring', { description: 'True if the schedule has more than one due time.' }),
    model: t.exposeString('model', {
      nullable: true,
      description:
        'The model that answers, as `<provider>/<name>`. For a Hermes job, the model name that Hermes stored. Null: the default model of the profile.',
    }),
    instructions: t.string({
      nullable: true,
      description:
        'The instructions (system prompt) of its sessions. Null: those of the profile. Null for Hermes jobs.',
      resolve: ({ instructions = null }) => instructions,
    }),
    effort: t.string({
      nullable: true,
      description: 'The effort of reasoning of its answers. Null: the default of the model. Null for Hermes jobs.',
      resolve: ({ effort = null }) => effort,
    }),
    budget: t.field({
      type: BudgetType,
      nullable: true,
      description:
        'What each of its runs may use, within the budgets of the profile. Null: no limit of its own. Null for Hermes jobs.',
      resolve: ({ budget = null }) => budget,
    }),
    enabled: t.exposeBoolean('enabled', { description: 'False if the job is paused.' }),
  }),
})

schemaBuilder.objectFields(JobObjectType, (t) => ({
  state: t.expose('state', { type: JobStateEnum, description: 'The state of the job.' }),
  error: t.exposeString('scheduleError', {
    nullable: true,
    description: 'What is wrong with the schedule, as a sentence. Null if it is valid.',
  }),
  fault: t.exposeString('scheduleError', {
    nullable: true,
    description: 'The same as `error`.',
    deprecationReason: 'Use error.',
  }),
  repeatLimit: t.exposeInt('repeatLimit', {
    nullable: true,
    description: 'The number of scheduled runs after which the job is COMPLETED. Null: no limit.',
  }),
  completedRuns: t.exposeInt('completedRuns', {
    description:
      'The number of scheduled runs that have ended, whatever their status. For a job that Hermes has removed, those that are still known.',
  }),
  skippedRuns: t.exposeInt('skippedRuns', {
    description:
      'The number of due times that were skipped because the server was down or the previous run was still in progress.',
  }),
}))

schemaBuilder.objectFields(JobObjectType, (t) => ({
  nextRunAt: t.expose('nextRunAt', {
    type: 'DateTime',
    nullable: true,
    description: 'The next due time. Null if `state` is PAUSED, COMPLETED or ERROR.',
  }),
  nextRuns: t.field({
    type: ['DateTime'],
    description: 'The next due times, earliest first. Empty if there are none.',
    args: {
      first: t.arg.int({
        defaultValue: defaultNextRuns,
        description: `The maximum number of times to return: 1 to ${maxNextRuns}.`,
      }),
    },
    resolve: (job, args, { signal }) => {
      const first = args.first ?? defaultNextRuns
      assertIntInRange(first, { name: 'first', min: 1, max: maxNextRuns })
      return collectInSteps(generateUpcomingJobRuns(job, first), signal)
    },
  }),
  lastRun: t.field({
    type: JobRunObjectType,
    nullable: true,
    description: 'The newest run. Null if there is none.',
    resolve: async (job, _, { profiles }) => (await profiles.requireProfile(job.profile)).jobs.lastRun(job),
  }),
  runs: t.connection(
    {
      type: JobRunObjectType,
      description: 'The runs, newest first.',
      resolve: async (job, args, { profiles }) => {
        const { jobs } = await profiles.requireProfile(job.profile)
        return resolveKeysetConnection(args, {
          loadPage: (page) => jobs.runPage(job, page),
          toKey: ({ position }) => position,
          cursor: positionCursor,
        })
      },
    },
    { name: 'JobRunConnection', description: 'A page of the runs of a job.' },
    { name: 'JobRunEdge', description: 'A run and its cursor.' },
  ),
}))
