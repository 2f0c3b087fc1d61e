import type { SessionRecord } from './session.ts'

/** The index of a channel is stored: append new channels, and never reorder them. */
export const channels = ['SEGUE', 'WEB', 'CLI', 'MESSAGING', 'API', 'CRON', 'TOOL', 'OTHER'] as const

/** The kind of application that a session belongs to. */
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

/** The channel of a source. Sources are an open set, because plugins add their own; unknown ones are OTHER. */
export function classifySourceChannel(source: string): Channel {
  return channelBySource.get(source) ?? 'OTHER'
}

/** The channel of a session. A sub-agent's is TOOL, even if it has the source of the agent that started it. */
export function classifySessionChannel({ source, isSubagent }: Pick<SessionRecord, 'source' | 'isSubagent'>): Channel {
  return isSubagent ? 'TOOL' : classifySourceChannel(source)
}

/**
 * The sources of some channels. If OTHER is one of them, `isAllowlist` is false, and `sources` are those to exclude:
 * the sources of OTHER cannot be listed.
 */
export function channelsToSourceFilter(wantedChannels: readonly string[]): {
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
