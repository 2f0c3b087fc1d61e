import { createBadInputError } from '../../lib/errors.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { toUtcDay } from '../../storage/usage/usage-sum-store.ts'
import type { UsageGroup, UsageSum } from '../../usage/usage-report.ts'
import { assertIntInRange, profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { UsageType } from '../usage.ts'

const UsageGroupType = schemaBuilder.enumType('UsageGroup', {
  description: 'By what usage is summed.',
  values: {
    DAY: { description: 'By day, in UTC: `2026-01-31`.' },
    MODEL: { description: 'By model, as in `Message.model`.' },
    JOB: { description: 'By job: its id. What belongs to no job is in no sum.' },
    CHANNEL: { description: 'By channel: the name of a `Channel`.' },
    SESSION: { description: 'By session: its id. It may have been deleted since.' },
  } as const satisfies Record<UsageGroup, object>,
})

const UsageSumType = schemaBuilder.objectRef<UsageSum>('UsageSum').implement({
  description: 'What was used by a day, a model, a job, a channel or a session.',
  fields: (t) => ({
    group: t.exposeString('group', {
      nullable: true,
      description: 'What `UsageGroup` says. Null for the sum of all smaller groups, which is the last one.',
    }),
    answers: t.exposeInt('answers', {
      description:
        "How many answers ended, without those that used nothing. Of Hermes' sessions, the messages of their users count.",
    }),
    usage: t.expose('usage', {
      type: UsageType,
      description: 'What the answers have used, with the titles and summaries that were requested besides.',
    }),
  }),
})

const defaultSpanMs = 30 * 86_400_000

schemaBuilder.queryField('usage', (t) =>
  t.field({
    type: [UsageSumType],
    description:
      'What a profile has used in a span of whole days, in UTC: the days of `from` and `to` and those between them. Largest first, by cost where there is one, else by tokens. An answer counts on the day of its end, a session of Hermes as a whole on the day when it was used last. Copies in forks and retries, and imported sessions, do not count; what was deleted still does.',
    args: {
      ...profileArgs,
      from: t.arg({ type: 'DateTime', description: 'A time of the first day. Default: 30 days before `to`.' }),
      to: t.arg({ type: 'DateTime', description: 'A time of the last day. Default: now.' }),
      groupBy: t.arg({ type: UsageGroupType, defaultValue: 'MODEL', description: 'By what it is summed.' }),
      first: t.arg.int({
        defaultValue: 100,
        description: 'How many groups to return: 1 to 1,000. The rest is one last group.',
      }),
    },
    resolve: async (_, args, { profiles }) => {
      const first = args.first ?? 100
      assertIntInRange(first, { name: 'first', min: 1, max: 1000 })
      const to = args.to ?? Date.now()
      const from = args.from ?? to - defaultSpanMs
      if (from > to) throw createBadInputError('The argument from is later than to. Exchange them.', 'from')
      const profile = await profiles.findProfile(parseProfileName(args.profile, 'profile'))
      const span = { fromDay: toUtcDay(from), toDay: toUtcDay(to) }
      return profile?.usage.load({ ...span, groupBy: args.groupBy ?? 'MODEL', first }) ?? []
    },
  }),
)
