import type { SettingsProfilesQuery } from '../../graphql/generated/graphql.ts'
import type { QueryState } from '../../graphql/use-query.ts'
import { defaultProfile } from '../../profiles/current-profile.ts'
import { strings } from '../../strings/strings.ts'
import { Section } from '../section.tsx'
import { StateBadge } from '../../components/state-badge/state-badge.tsx'
import styles from '../settings.module.css'

/** The profiles and the instructions of each. They are files of the person: shown, not edited. */
export function Profiles({ query }: { readonly query: QueryState<SettingsProfilesQuery> }) {
  const text = strings.settingsView.profiles
  return (
    <Section title={text.title} hint={text.hint} query={query} placeholder={<ProfileList profiles={[expected]} />}>
      <ProfileList profiles={query.data?.profiles ?? []} />
    </Section>
  )
}

type Profile = SettingsProfilesQuery['profiles'][number]

const expected: Profile = { id: '', name: defaultProfile, isDefault: true, instructions: null }

function ProfileList({ profiles }: { readonly profiles: readonly Profile[] }) {
  const text = strings.settingsView.profiles
  return (
    <ul className={styles.list} aria-label={text.title}>
      {profiles.map(({ id, name, isDefault, instructions }) => (
        <li key={id} className={styles.item}>
          <div className={styles.itemHeader}>
            <span className={styles.name}>{name}</span>
            {isDefault && <StateBadge tone="quiet">{text.default}</StateBadge>}
            {instructions == null && <span className={styles.hint}>{text.noInstructions}</span>}
          </div>
          {instructions != null && (
            <details className={styles.details}>
              <summary>{text.instructions(name)}</summary>
              <p className={styles.instructions}>{instructions}</p>
            </details>
          )}
        </li>
      ))}
    </ul>
  )
}
