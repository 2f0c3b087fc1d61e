import { ChevronsUpDown, UserRound } from 'lucide-react'
import { Button } from '../components/buttons/button.tsx'
import { popupOnDemand } from '../components/popups/popup-on-demand.tsx'
import { strings } from '../strings/strings.ts'
import { useCurrentProfile } from './current-profile.ts'
import styles from './profile-switch.module.css'
import { useProfileNames } from './use-profile-names.ts'
import { useProfileOfChat } from './use-profile-of-chat.ts'

const ProfileMenu = popupOnDemand(() => import('./profile-menu.tsx'))

/** Goes to another profile, where there is more than one. */
export function ProfileSwitch() {
  const names = useProfileNames()
  const current = useCurrentProfile()
  const hasOthers = names.some((name) => name !== current)
  useProfileOfChat(hasOthers)
  if (!hasOthers) return null
  return (
    <ProfileMenu
      names={names}
      trigger={
        <Button kind="quiet" className={styles.switch} aria-label={strings.sidebar.profile(current)}>
          <UserRound aria-hidden="true" />
          <span className={styles.name}>{current}</span>
          <ChevronsUpDown aria-hidden="true" />
        </Button>
      }
    />
  )
}
