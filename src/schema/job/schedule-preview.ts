import { previewSchedule } from '../../jobs/schedule/preview-schedule.ts'
import { assertIntInRange } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { scheduleDescription } from './job-inputs.ts'

const maxDueTimes = 100
const defaultDueTimes = 5

schemaBuilder.queryField('schedulePreview', (t) =>
  t.field({
    type: ['DateTime'],
    description:
      'The first due times of a job with this schedule, earliest first, if it was made now: one for a schedule that is due once. The error is BAD_USER_INPUT where `createJob` would refuse the schedule, with the same message.',
    args: {
      schedule: t.arg.string({ required: true, description: scheduleDescription }),
      timezone: t.arg.string({
        description:
          'The IANA time zone that a cron expression refers to, such as `Europe/Berlin`. Default: the time zone of the server.',
      }),
      first: t.arg.int({
        defaultValue: defaultDueTimes,
        description: `The maximum number of times to return: 1 to ${maxDueTimes}.`,
      }),
    },
    resolve: (_, { schedule, timezone = null, ...args }) => {
      const first = args.first ?? defaultDueTimes
      assertIntInRange(first, { name: 'first', min: 1, max: maxDueTimes })
      return previewSchedule({ schedule, timezone, now: Date.now(), count: first })
    },
  }),
)
