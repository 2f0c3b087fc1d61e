import { UserRound } from 'lucide-react'
import { Button } from '../../../../components/buttons/button.tsx'
import { popupOnDemand } from '../../../../components/popups/popup-on-demand.tsx'
import { useCurrentProfile } from '../../../../profiles/current-profile.ts'
import { useProfileNames } from '../../../../profiles/use-profile-names.ts'
import { strings } from '../../../../strings/strings.ts'
import styles from '../settings.module.css'

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
