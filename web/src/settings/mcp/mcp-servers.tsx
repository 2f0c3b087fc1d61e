import { usePolling } from '../../graphql/use-polling.ts'
import { formatDateTime } from '../../formats/format-time.ts'
import {
  type McpServerState,
  SettingsMcpServersDocument,
  type ShownMcpServerFragment,
} from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { Section } from '../section.tsx'
import { StateBadge } from '../../components/state-badge/state-badge.tsx'
import styles from '../settings.module.css'
import { McpToolList } from './mcp-tool-list.tsx'

const tones = {
  READY: 'good',
  IDLE: 'quiet',
  DISABLED: 'quiet',
  STARTING: 'warm',
  BACKOFF: 'warm',
  FAILED: 'bad',
} as const satisfies Record<McpServerState, string>

/** No event tells how the servers are. The question starts none of them. */
const pollMs = 3000

/** The MCP servers, how they are, and their tools. */
export function McpServers({ profile }: { readonly profile: string }) {
  const text = strings.settingsView.mcp
  const query = useQuery(SettingsMcpServersDocument, { profile })
  usePolling(query.reload, pollMs)
  const servers = query.data?.mcpServers ?? []
  const empty = <p className={styles.hint}>{text.empty}</p>
  return (
    <Section title={text.title} query={query} reloadLabel={text.reload} placeholder={empty}>
      {query.data && servers.length === 0 && empty}
      <ul className={styles.list} aria-label={text.title}>
        {servers.map((server) => (
          <McpServerItem key={server.name} server={server} />
        ))}
      </ul>
    </Section>
  )
}

function McpServerItem({ server }: { readonly server: ShownMcpServerFragment }) {
  const text = strings.settingsView.mcp
  const { name, state, error, since, tools, omittedTools } = server
  return (
    <li className={styles.item}>
      <div className={styles.itemHeader}>
        <span className={styles.name}>{name}</span>
        <StateBadge tone={tones[state]}>{text.states[state]}</StateBadge>
        <time className={styles.hint} dateTime={since}>
          {text.since(formatDateTime(since))}
        </time>
      </div>
      {error != null && <p className={styles.problem}>{error}</p>}
      {tools.length > 0 && (
        <details className={styles.details}>
          <summary>{text.tools(tools.length, name)}</summary>
          <McpToolList tools={tools} label={text.toolsOf(name)} />
        </details>
      )}
      {omittedTools.length > 0 && (
        <details className={styles.details}>
          <summary>{text.omitted(omittedTools.length)}</summary>
          <ul className={styles.tools}>
            {omittedTools.map((tool) => (
              <li key={tool.name}>
                <code>{tool.name}</code>
                <p className={styles.hint}>{tool.reason}</p>
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  )
}
