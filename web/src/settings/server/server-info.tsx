import type { ReactNode } from 'react'
import { formatDuration } from '../../formats/format-duration.ts'
import { formatNumber } from '../../formats/format-number.ts'
import { formatDateTime } from '../../formats/format-time.ts'
import { SettingsServerDocument } from '../../graphql/generated/graphql.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { Section } from '../section.tsx'
import styles from '../settings.module.css'
import { formatBytes } from '../../chat/composer/files/format-bytes.ts'

/** The version of the server, what it accepts at most, and the way to its playground. */
export function ServerInfo() {
  const text = strings.settingsView.server
  const query = useQuery(SettingsServerDocument, {})
  const server = query.data?.server
  return (
    <Section title={text.title} query={query} placeholder={<ExpectedFacts />}>
      {server && (
        <dl className={styles.facts}>
          <Fact name={text.version}>{server.version}</Fact>
          <Fact name={text.startedAt}>{formatDateTime(server.startedAt)}</Fact>
          <Fact name={text.hermes}>
            {text.hermesStates[server.hermes.state]}
            {server.hermes.error != null && <div className={styles.problem}>{server.hermes.error}</div>}
          </Fact>
          <Fact name={text.textLength}>{text.characters(formatNumber(server.limits.textLength))}</Fact>
          <Fact name={text.files}>
            {text.filesOf(formatNumber(server.limits.files), formatBytes(server.limits.fileBytes))}
          </Fact>
          <Fact name={text.queueLength}>{formatNumber(server.limits.queueLength)}</Fact>
          <Fact name={text.decisions}>{formatDuration(server.limits.decisionSeconds * 1000)}</Fact>
        </dl>
      )}
      <p>
        {/* The server answers it, not a view of the page. */}
        <a href="/graphql">{text.playground}</a>
      </p>
    </Section>
  )
}

/** As high as the facts. */
function ExpectedFacts() {
  const { version, startedAt, hermes, textLength, files, queueLength, decisions } = strings.settingsView.server
  return (
    <dl className={styles.facts}>
      {[version, startedAt, hermes, textLength, files, queueLength, decisions].map((name) => (
        <Fact key={name} name={name}>
          …
        </Fact>
      ))}
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
