import type { SessionRecord } from './records.ts'

/** In an order that is stored: one that was released keeps its place. */
export const channels = ['SEGUE', 'WEB', 'CLI', 'MESSAGING', 'API', 'CRON', 'TOOL', 'OTHER'] as const

/** The kind of place that a session was held in. */
export type Channel = (typeof channels)[number]

const channelsOfSources = new Map<string, Channel>([
  ['segue', 'SEGUE'],
  ...all('WEB', 'webui'),
  ...all('CLI', 'cli', 'tui', 'desktop', 'acp'),
  ...all('MESSAGING', 'telegram', 'discord', 'whatsapp', 'whatsapp_cloud', 'slack', 'signal', 'mattermost', 'matrix'),
  ...all('MESSAGING', 'email', 'sms', 'dingtalk', 'feishu', 'wecom', 'wecom_callback', 'weixin', 'bluebubbles'),
  ...all('MESSAGING', 'qqbot', 'yuanbao', 'homeassistant', 'msgraph_webhook', 'relay'),
  ...all('API', 'api_server', 'webhook'),
  ...all('CRON', 'cron'),
  ...all('TOOL', 'tool', 'subagent', 'kanban', 'oneshot'),
])

/** The channel of a session's source. The set of sources is open: plugins bring their own, and those are OTHER. */
export function channelOf(source: string): Channel {
  return channelsOfSources.get(source) ?? 'OTHER'
}

/** The channel of a session. A sub-agent's is TOOL, also where it has taken over the source of whoever sent it. */
export function channelOfSession({ source, delegate }: Pick<SessionRecord, 'source' | 'delegate'>): Channel {
  return delegate ? 'TOOL' : channelOf(source)
}

/** The sources of some channels: those that are told, or, where OTHER is one of them, all but those. */
export function sourcesOf(some: readonly string[]): { readonly told: readonly string[]; readonly areTheirs: boolean } {
  const areTheirs = !some.includes('OTHER')
  const told = [...channelsOfSources].filter(([, channel]) => some.includes(channel) === areTheirs)
  return { told: told.map(([source]) => source), areTheirs }
}

function all(channel: Channel, ...sources: string[]): [string, Channel][] {
  return sources.map((source) => [source, channel])
}
