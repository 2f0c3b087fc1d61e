import { type Channel, channels } from '../../model/channel.ts'
import { type Attention, attentions } from '../../model/conversation/attention.ts'
import type { Origin } from '../../model/session.ts'
import type { ConversationGroup } from '../../sessions/conversation.ts'
import { countConversations } from '../../sessions/select-conversations.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { AttentionEnum, ChannelEnum, OriginEnum } from '../session/session-enums.ts'
import { SessionFilterInput, toSessionFilter } from '../session/session-filter.ts'

interface KeyCount<Key> {
  readonly key: Key
  readonly count: number
}

const origins: readonly Origin[] = ['SEGUE', 'HERMES']
const countDescription = 'How many conversations these are: at least 1.'

const ChannelCountType = schemaBuilder.objectRef<KeyCount<Channel>>('ChannelCount').implement({
  description: 'How many of the counted conversations are in a channel.',
  fields: (t) => ({
    channel: t.expose('key', { type: ChannelEnum, description: 'The channel of their tips.' }),
    count: t.exposeInt('count', { description: countDescription }),
  }),
})

const OriginCountType = schemaBuilder.objectRef<KeyCount<Origin>>('OriginCount').implement({
  description: 'How many of the counted conversations have an origin.',
  fields: (t) => ({
    origin: t.expose('key', { type: OriginEnum, description: 'The origin of their tips.' }),
    count: t.exposeInt('count', { description: countDescription }),
  }),
})

const AttentionCountType = schemaBuilder.objectRef<KeyCount<Attention>>('AttentionCount').implement({
  description: 'How many of the counted conversations want the same of a person.',
  fields: (t) => ({
    attention: t.expose('key', { type: AttentionEnum, description: 'What they want.' }),
    count: t.exposeInt('count', { description: countDescription }),
  }),
})

const ConversationCountsType = schemaBuilder.objectRef<readonly ConversationGroup[]>('ConversationCounts').implement({
  description:
    'How many conversations there are. Each list adds up to `total`, in the order of its enum, without those that no conversation has.',
  fields: (t) => ({
    total: t.int({
      description: 'How many conversations `conversations` lists with the same filter.',
      resolve: (groups) => groups.reduce((sum, { count }) => sum + count, 0),
    }),
    channels: t.field({
      type: [ChannelCountType],
      description: 'By channel.',
      resolve: (groups) => sumGroups(groups, channels, ({ channel }) => channel),
    }),
    origins: t.field({
      type: [OriginCountType],
      description: 'By origin.',
      resolve: (groups) => sumGroups(groups, origins, ({ origin }) => origin),
    }),
    attention: t.field({
      type: [AttentionCountType],
      description: 'By what they want of a person: the most urgent first.',
      resolve: (groups) => sumGroups(groups, attentions.toReversed(), ({ attention }) => attention),
    }),
  }),
})

schemaBuilder.queryField('conversationCounts', (t) =>
  t.field({
    type: ConversationCountsType,
    description:
      'How many conversations `conversations` lists with the same filter, in all and by what it filters by. As there, the channels TOOL and CRON count only if the filter names them. The cost does not grow with the number of conversations.',
    args: {
      filter: t.arg({ type: SessionFilterInput, description: 'Selects conversations, as in `conversations`.' }),
    },
    resolve: async (_, { filter: input }, { profiles }) => {
      const { profile: profileName, filter } = toSessionFilter(input ?? {})
      const { ids, ...listFilter } = filter
      const profile = await profiles.findProfile(profileName)
      if (!profile) return []
      if (!ids) return profile.conversations.count(listFilter)
      return countConversations(await profile.conversationLoader.loadByIds(ids), listFilter)
    },
  }),
)

/** The sums of the groups by one of their properties, in the order of `keys`, without zeros. */
function sumGroups<Key>(
  groups: readonly ConversationGroup[],
  keys: readonly Key[],
  getKey: (group: ConversationGroup) => Key,
): KeyCount<Key>[] {
  const counts = new Map<Key, number>()
  for (const group of groups) counts.set(getKey(group), (counts.get(getKey(group)) ?? 0) + group.count)
  return keys.map((key) => ({ key, count: counts.get(key) ?? 0 })).filter(({ count }) => count > 0)
}
