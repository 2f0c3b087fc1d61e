import { Menu, MenuChoices } from '../../../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../../../components/popups/popup-on-demand.tsx'
import { chooseProfile, useCurrentProfile } from '../../../../profiles/current-profile.ts'
import { strings } from '../../../../strings/strings.ts'
import { findComposer } from '../../../../shortcuts/focus-composer.ts'

interface ProfileMenuProps extends OnDemandPopupProps {
  readonly names: readonly string[]
}

/** Chooses the profile of a new chat, whose other chats are shown then as well. */
export default function ProfileMenu({ trigger, names }: ProfileMenuProps) {
  const current = useCurrentProfile()
  return (
    <Menu trigger={trigger} align="start" side="top" finalFocus={findComposer}>
      <MenuChoices
        label={strings.settings.profiles}
        value={current}
        choices={names.map((name) => ({ value: name, label: name }))}
        onChoose={chooseProfile}
      />
    </Menu>
  )
}
