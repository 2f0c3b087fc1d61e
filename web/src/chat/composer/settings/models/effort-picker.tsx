import { Brain } from 'lucide-react'
import { Button } from '../../../../components/buttons/button.tsx'
import { popupOnDemand } from '../../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../../strings/strings.ts'
import styles from '../settings.module.css'
import type { ChatSettings } from '../use-chat-settings.ts'

const EffortMenu = popupOnDemand(() => import('./effort-menu.tsx'))

interface EffortPickerProps {
  readonly settings: ChatSettings
  /** Of the model, least first. */
  readonly efforts: readonly string[]
}

/** How much the model reasons. Nothing where it cannot be chosen. */
export function EffortPicker({ settings: { effort, change }, efforts }: EffortPickerProps) {
  if (efforts.length === 0) return null
  const name = effort ?? strings.settings.defaultEffort
  return (
    <EffortMenu
      efforts={efforts}
      effort={effort}
      onChoose={(chosen) => change({ effort: chosen })}
      trigger={
        <Button kind="quiet" className={styles.picker} aria-label={strings.settings.effort(name)}>
          <Brain aria-hidden="true" />
          {effort !== null && <span className={styles.value}>{effort}</span>}
        </Button>
      }
    />
  )
}
