import { UserRound } from 'lucide-react'
import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { Button } from '../../../components/button.tsx'
import { popupOnDemand } from '../../../components/popup-on-demand.tsx'
import { ProfileNamesDocument } from '../../../graphql/generated/graphql.ts'
import { useCurrentProfile } from '../../../profiles/current-profile.ts'
import { strings } from '../../../strings/strings.ts'
import styles from './settings.module.css'

const ProfileMenu = popupOnDemand(() => import('./profile-menu.tsx'))

/** The profile that a new chat begins in. Nothing where there is one. */
export function ProfilePicker() {
  const current = useCurrentProfile()
  const names = useProfileNames()
  if (names.length < 2) return null
  return (
    <ProfileMenu
      names={names}
      trigger={
        <Button kind="quiet" className={styles.picker} aria-label={strings.settings.profile(current)}>
          <UserRound aria-hidden="true" />
          <span className={styles.value}>{current}</span>
        </Button>
      }
    />
  )
}

/** Empty until they are read. */
function useProfileNames(): readonly string[] {
  const client = useSegueClient()
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => {
    const leave = new AbortController()
    client.request(ProfileNamesDocument, {}, { signal: leave.signal }).then(
      ({ profiles }) => setNames(profiles.map(({ name }) => name)),
      // Without them, new chats begin in the profile that is shown.
      () => {},
    )
    return () => leave.abort()
  }, [client])
  return names
}
