import type { SessionRecord } from './session.ts'

/** In an order that is stored: one that was released keeps its place. */
export const channels = ['SEGUE', 'WEB', 'CLI', 'MESSAGING', 'API', 'CRON', 'TOOL', 'OTHER'] as const

/** The kind of place that a session was held in. */
export type Channel = (typeof channels)[number]

const channelBySource = new Map<string, Channel>([
  ['segue', 'SEGUE'],
  ...pairWithChannel('WEB', 'webui'),
  ...pairWithChannel('CLI', 'cli', 'tui', 'desktop', 'acp'),
  ...pairWithChannel(
    'MESSAGING',
    'telegram',
    'discord',
    'whatsapp',
    'whatsapp_cloud',
    'slack',
    'signal',
    'mattermost',
    'matrix',
  ),
  ...pairWithChannel(
    'MESSAGING',
    'email',
    'sms',
    'dingtalk',
    'feishu',
    'wecom',
    'wecom_callback',
    'weixin',
    'bluebubbles',
  ),
  ...pairWithChannel('MESSAGING', 'qqbot', 'yuanbao', 'homeassistant', 'msgraph_webhook', 'relay'),
  ...pairWithChannel('API', 'api_server', 'webhook'),
  ...pairWithChannel('CRON', 'cron'),
  ...pairWithChannel('TOOL', 'tool', 'subagent', 'kanban', 'oneshot'),
])

/** The channel of a session's source. The set of sources is open: plugins bring their own, and those are OTHER. */
export function channelForSource(source: string): Channel {
  return channelBySource.get(source) ?? 'OTHER'
}

/** The channel of a session. A sub-agent's is TOOL, also where it has taken over the source of whoever sent it. */
export function channelForSession({ source, isSubagent }: Pick<SessionRecord, 'source' | 'isSubagent'>): Channel {
  return isSubagent ? 'TOOL' : channelForSource(source)
}

/** The sources of some channels: those that are told, or, where OTHER is one of them, all but those. */
export function toSourceFilter(wantedChannels: readonly string[]): {
  readonly sources: readonly string[]
  readonly isAllowlist: boolean
} {
  const isAllowlist = !wantedChannels.includes('OTHER')
  const matching = [...channelBySource].filter(([, channel]) => wantedChannels.includes(channel) === isAllowlist)
  return { sources: matching.map(([source]) => source), isAllowlist }
}

function pairWithChannel(channel: Channel, ...sources: string[]): [string, Channel][] {
  return sources.map((source) => [source, channel])
}
