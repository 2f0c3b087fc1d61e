import { Page } from '../components/page/page.tsx'
import { chooseProfile, useCurrentProfile } from '../profiles/current-profile.ts'
import { SettingsProfilesDocument } from '../graphql/generated/graphql.ts'
import { useQuery } from '../graphql/use-query.ts'
import { SelectField } from '../components/form/field.tsx'
import { BrowserData } from './browser-data.tsx'
import { strings } from '../strings/strings.ts'
import { McpServers } from './mcp/mcp-servers.tsx'
import { NotificationChoice } from './notification-choice.tsx'
import { Profiles } from './profiles/profiles.tsx'
import { Providers } from './providers/providers.tsx'
import { ApprovalRules } from './rules/approval-rules.tsx'
import { ServerInfo } from './server/server-info.tsx'
import { SignedIn } from './server/signed-in.tsx'
import { ThemeChoice } from './theme-choice.tsx'
import styles from './settings.module.css'

/** How the page looks, and what the server has: each section by itself, so that a slow one holds up no other. */
export default function SettingsView() {
  const text = strings.settingsView
  const profile = useCurrentProfile()
  const profiles = useQuery(SettingsProfilesDocument, {})
  const names = profiles.data?.profiles.map(({ name }) => name) ?? []
  const options = [...new Set([...names, profile])].map((name) => ({ value: name, label: name }))
  return (
    <Page title={text.title}>
      <ThemeChoice />
      <NotificationChoice />
      <Profiles query={profiles} />
      {options.length > 1 && (
        <div className={styles.profilePicker}>
          <SelectField label={text.profileOfBelow} value={profile} options={options} onChange={chooseProfile} />
        </div>
      )}
      <Providers key={`providers ${profile}`} profile={profile} />
      <McpServers key={`mcp ${profile}`} profile={profile} />
      <ApprovalRules key={`rules ${profile}`} profile={profile} />
      <BrowserData />
      <ServerInfo />
      {/* Nothing is below it that would move when it comes. */}
      <SignedIn />
    </Page>
  )
}
