/** The kind of place that a session was held in. */
export type Channel = 'SEGUE' | 'WEB' | 'CLI' | 'MESSAGING' | 'API' | 'CRON' | 'TOOL' | 'OTHER'

const channels = new Map<string, Channel>([
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
  return channels.get(source) ?? 'OTHER'
}

/** The sources that some channels are made of; with `others`, all sources but these, for the set of OTHER is open. */
export function sourcesOf(wanted: readonly string[]): {
  readonly sources: readonly string[]
  readonly others: boolean
} {
  const others = wanted.includes('OTHER')
  const sources = [...channels].filter(([, channel]) => wanted.includes(channel) !== others).map(([source]) => source)
  return { sources, others }
}

function all(channel: Channel, ...sources: string[]): [string, Channel][] {
  return sources.map((source) => [source, channel])
}
