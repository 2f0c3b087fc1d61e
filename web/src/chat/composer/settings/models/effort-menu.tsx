import { Menu, MenuChoices } from '../../../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../../strings/strings.ts'
import { findComposer } from '../../../../shortcuts/focus-composer.ts'

interface EffortMenuProps extends OnDemandPopupProps {
  readonly efforts: readonly string[]
  /** Null: the model's own. */
  readonly effort: string | null
  /** Is called with an empty text for the model's own. */
  readonly onChoose: (effort: string) => void
}

/** The efforts of reasoning that a model takes. */
export default function EffortMenu({ trigger, efforts, effort, onChoose }: EffortMenuProps) {
  const choices = [
    { value: '', label: strings.settings.defaultEffort },
    ...efforts.map((value) => ({ value, label: value })),
  ]
  return (
    <Menu trigger={trigger} align="start" side="top" finalFocus={findComposer}>
      <MenuChoices label={strings.settings.efforts} value={effort ?? ''} choices={choices} onChoose={onChoose} />
    </Menu>
  )
}
