import { badInput, notFound } from '../../lib/errors.ts'
import { listUpcomingRuns } from '../../jobs/job-state.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import type { ManualRun } from '../../jobs/scheduler.ts'
import type { JobPatch } from '../../jobs/job-input.ts'
import { builder } from '../builder.ts'
import { resolveKeysetConnection, positionCursor } from '../relay/keyset-connection.ts'
import { JobRunStatusEnum, JobStateEnum, JobTriggerEnum, OriginEnum } from '../enums.ts'
import { JobRunType, JobType, ProfileType, SessionType } from '../object-refs.ts'
import { withModelPath } from '../with-model-path.ts'

const maxRuns = 1000

JobType.implement({
  description: 'A prompt on a schedule. Each of its runs is a session of its own.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: "job_… for a job kept here; one of Hermes' has the id that Hermes gave it." }),
    origin: t.expose('origin', {
      type: OriginEnum,
      description: "HERMES: read from Hermes' files; changing or running it is JOB_READ_ONLY.",
    }),
    name: t.exposeString('name', { description: 'What it is called.' }),
    prompt: t.exposeString('prompt', { description: 'What the agent is told in each run.' }),
    schedule: t.exposeString('schedule', {
      description: "A cron expression, 'every 30m', 'in 2h' or an RFC 3339 time.",
    }),
    timezone: t.exposeString('timezone', { description: 'In which a cron expression counts its hours.' }),
    recurring: t.exposeBoolean('recurring', { description: 'It comes more than once.' }),
    profile: t.field({
      type: ProfileType,
      description: 'The profile that it belongs to, and that it runs in.',
      resolve: ({ profile }) => ({ name: profile }),
    }),
    model: t.exposeString('model', { nullable: true, description: 'The model that answers. Null: the default one.' }),
    enabled: t.exposeBoolean('enabled', { description: 'False: it is paused.' }),
    state: t.expose('state', { type: JobStateEnum, description: 'Where it stands.' }),
    fault: t.exposeString('scheduleError', {
      nullable: true,
      description: 'What is wrong with its schedule, if anything.',
    }),
    repeatLimit: t.exposeInt('repeatLimit', {
      nullable: true,
      description: 'How many runs the schedule makes; then it is COMPLETED and kept. Null: no end.',
    }),
    completedRuns: t.exposeInt('completedRuns', { description: 'Runs of the schedule that have ended, however.' }),
    nextRunAt: t.expose('nextRunAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is due next. Null when it is paused, completed or in error.',
    }),
    nextRuns: t.field({
      type: ['DateTime'],
      description: 'The next times at which it is due.',
      args: { first: t.arg.int({ defaultValue: 3, description: `How many at most: 1 to ${maxRuns}.` }) },
      resolve: (job, args) => {
        const first = args.first ?? 3
        if (first < 1 || first > maxRuns) throw badInput(`first is from 1 to ${maxRuns}; it was ${first}.`, 'first')
        return listUpcomingRuns(job, first)
      },
    }),
    skippedRuns: t.exposeInt('skippedRuns', {
      description: 'Due times that were passed over: after an outage, and while it ran.',
    }),
    lastRun: t.field({
      type: JobRunType,
      nullable: true,
      description: 'Its newest run. Null when it has had none.',
      resolve: async (job, _, { profiles: scopes }) => (await scopes.requireProfile(job.profile)).jobs.lastRun(job),
    }),
    runs: t.connection(
      {
        type: JobRunType,
        description: 'Its runs, newest first.',
        resolve: async (job, args, { profiles: scopes }) => {
          const { jobs } = await scopes.requireProfile(job.profile)
          return resolveKeysetConnection(args, {
            loadPage: (page) => jobs.runPage(job, page),
            toKey: ({ position }) => position,
            cursor: positionCursor,
          })
        },
      },
      { name: 'JobRunsConnection', description: "A page of a job's runs." },
      { name: 'JobRunsEdge', description: 'A run and where it stands among those of its job.' },
    ),
  }),
})

JobRunType.implement({
  description: 'One run of a job.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'jrn_… for a run of a job kept here.' }),
    job: t.field({
      type: JobType,
      description: 'The job.',
      resolve: async ({ jobId }, _, { profiles: scopes }) => {
        const job = await scopes.find('Job', jobId)
        if (!job) throw notFound('job', jobId)
        return job
      },
    }),
    trigger: t.expose('trigger', { type: JobTriggerEnum, description: 'What set it off.' }),
    status: t.expose('status', { type: JobRunStatusEnum, description: 'How it ended, if it has.' }),
    scheduledFor: t.expose('scheduledFor', {
      type: 'DateTime',
      nullable: true,
      description: 'The due time that it was for. Null for a run by hand.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    output: t.exposeString('output', {
      nullable: true,
      description: "The agent's final text, in full; of a run that failed, what had come before.",
    }),
    error: t.exposeString('error', { nullable: true, description: 'What went wrong, in a sentence.' }),
    session: t.field({
      type: SessionType,
      nullable: true,
      description:
        'The session that it was held in. Null once that was deleted, and when the run failed before it began.',
      resolve: ({ sessionId }, _, { profiles: scopes }) =>
        sessionId === null ? null : scopes.find('Session', sessionId),
    }),
  }),
})

const profileDescription = 'The profile; default when it is left out.'

builder.queryField('jobs', (t) =>
  t.field({
    type: [JobType],
    description: 'The jobs of a profile, the oldest first, and behind them those of its Hermes agent.',
    args: { profile: t.arg.string({ description: profileDescription }) },
    resolve: async (_, args, { profiles }) =>
      (await profiles.findProfile(parseProfileName(args.profile, 'profile')))?.jobs.list() ?? [],
  }),
)

builder.objectField(ProfileType, 'jobs', (t) =>
  t.field({
    type: [JobType],
    description: 'Its jobs, the oldest first, and behind them those of its Hermes agent.',
    resolve: async ({ name }, _, { profiles }) => (await profiles.findProfile(name))?.jobs.list() ?? [],
  }),
)

const scheduleDescription =
  "A cron expression of five or six fields (six: seconds first), 'every 30m', 'in 2h', or an RFC 3339 time with its offset."
const timezoneDescription =
  "An IANA zone, such as Europe/Berlin, in which a cron expression counts; the server's own when it is left out."
const repeatLimitDescription = 'How many runs the schedule makes, 1 or more; no end when it is left out.'

const CreateJobInput = builder.inputType('CreateJobInput', {
  description: 'A job to make.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What to call it: 1 to 200 characters, in one line.' }),
    prompt: t.string({
      required: true,
      description: 'What the agent is told in each run: up to 1,000,000 characters.',
    }),
    schedule: t.string({ required: true, description: scheduleDescription }),
    timezone: t.string({ description: timezoneDescription }),
    profile: t.string({ description: 'The profile that it belongs to; default when it is left out.' }),
    model: t.string({
      description: 'The model that answers, as <provider>/<name>; the default one when it is left out.',
    }),
    repeatLimit: t.int({ description: repeatLimitDescription }),
  }),
})

const UpdateJobInput = builder.inputType('UpdateJobInput', {
  description: 'What to change of a job. What is left out stays as it is.',
  fields: (t) => ({
    name: t.string({ description: 'What to call it.' }),
    prompt: t.string({ description: 'What the agent is told in each run.' }),
    schedule: t.string({ description: `${scheduleDescription} Another one than before counts from now.` }),
    timezone: t.string({ description: 'An IANA zone.' }),
    model: t.string({ description: 'The model that answers; null: the default one.' }),
    enabled: t.boolean({ description: 'false pauses it, true has it go on.' }),
    repeatLimit: t.int({ description: 'How many runs the schedule makes in all; null: no end.' }),
  }),
})

const RunJobPayload = builder.objectRef<ManualRun>('RunJobPayload').implement({
  description: 'A run that was asked for by hand.',
  fields: (t) => ({
    run: t.expose('run', { type: JobRunType, description: 'The run.' }),
    alreadyRunning: t.exposeBoolean('alreadyRunning', {
      description: 'The job ran already: this is that run, whatever set it off.',
    }),
  }),
})

builder.mutationFields((t) => ({
  createJob: t.field({
    type: JobType,
    description:
      'Makes a job. What was understood of its schedule shows in recurring, nextRunAt and nextRuns; what can never be is BAD_USER_INPUT.',
    args: { input: t.arg({ type: CreateJobInput, required: true, description: 'What it is to be.' }) },
    resolve: (_, { input }, { profiles }) =>
      profiles.withProfile(parseProfileName(input.profile, 'input', 'profile'), async ({ jobs, models }) => {
        const { name, prompt, model = null } = input
        await withModelPath(model, async () => model !== null && models.assertKnown(model))
        return jobs.create({
          name,
          prompt,
          schedule: input.schedule,
          timezone: input.timezone ?? null,
          model,
          repeatLimit: input.repeatLimit ?? null,
        })
      }),
  }),
  updateJob: t.field({
    type: JobType,
    description: 'Changes a job, pauses it or has it go on.',
    args: {
      id: t.arg.id({ required: true, description: 'The job.' }),
      input: t.arg({ type: UpdateJobInput, required: true, description: 'What to change.' }),
    },
    resolve: async (_, { id, input }, { profiles }) => {
      const patch = toJobPatch(input)
      const { jobs, models } = await profiles.requireProfileOwning('Job', id)
      const { model } = patch
      await withModelPath(model, async () => typeof model === 'string' && models.assertKnown(model))
      return jobs.update(id, patch)
    },
  }),
  deleteJob: t.id({
    description: 'Deletes a job and the record of its runs. Their sessions stay.',
    args: { id: t.arg.id({ required: true, description: 'The job.' }) },
    resolve: async (_, { id }, { profiles }) => {
      await (await profiles.requireProfileOwning('Job', id)).jobs.delete(id)
      return id
    },
  }),
  runJob: t.field({
    type: RunJobPayload,
    description:
      'Runs a job now, in the same way as its schedule does. While it runs already, returns that run with alreadyRunning true.',
    args: { id: t.arg.id({ required: true, description: 'The job.' }) },
    resolve: async (_, { id }, { profiles }) => (await profiles.requireProfileOwning('Job', id)).jobs.runNow(id),
  }),
}))

builder.subscriptionField('jobRuns', (t) =>
  t.field({
    type: JobRunType,
    description:
      'Every run that is under way at the start, then each one that begins or ends. Of one job, or of all in all profiles. Does not end by itself.',
    args: { jobId: t.arg.id({ description: 'Only runs of this job.' }) },
    subscribe: async (_, args, { profiles }) => {
      const jobId = args.jobId ?? null
      if (jobId !== null) await profiles.requireProfileOwning('Job', jobId)
      return profiles.registry.followJobRuns(jobId)
    },
    resolve: (run) => run,
  }),
)

function toJobPatch({ model, repeatLimit: limit, ...rest }: typeof UpdateJobInput.$inferInput): JobPatch {
  const { name, prompt, schedule: newSchedule, timezone: newTimezone, enabled } = rest
  return {
    ...(name !== undefined && { name: requireNonNull(name, 'name') }),
    ...(prompt !== undefined && { prompt: requireNonNull(prompt, 'prompt') }),
    ...(newSchedule !== undefined && { schedule: requireNonNull(newSchedule, 'schedule') }),
    ...(newTimezone !== undefined && { timezone: requireNonNull(newTimezone, 'timezone') }),
    ...(enabled !== undefined && { enabled: requireNonNull(enabled, 'enabled') }),
    ...(model !== undefined && { model }),
    ...(limit !== undefined && { repeatLimit: limit }),
  }
}

function requireNonNull<T>(value: T | null, name: string): T {
  if (value === null) throw badInput(`A job needs its ${name}: leave it out to keep it as it is.`, 'input', name)
  return value
}
