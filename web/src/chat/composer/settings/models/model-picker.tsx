import { ChevronDown } from 'lucide-react'
import { Button } from '../../../../components/buttons/button.tsx'
import { popupOnDemand } from '../../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../../strings/strings.ts'
import styles from '../settings.module.css'
import { type ChatModel, findModel } from './use-models.ts'
import type { ChatSettings } from '../use-chat-settings.ts'

const ModelList = popupOnDemand(() => import('./model-list.tsx'))

interface ModelPickerProps {
  readonly settings: ChatSettings
  readonly models: readonly ChatModel[] | null
}

/** The model that answers, and a list of the others with what they can do. */
export function ModelPicker({ settings, models }: ModelPickerProps) {
  const { model, change } = settings
  const shown = findModel(models, model)
  const name = shown?.name ?? model?.slice(model.indexOf('/') + 1) ?? ''
  if (!models) return null
  return (
    <ModelList
      models={models}
      model={model}
      onChoose={(chosen) => change({ model: chosen })}
      trigger={
        <Button kind="quiet" className={styles.picker} aria-label={strings.settings.model(name)}>
          <span className={styles.value}>{name}</span>
          <ChevronDown aria-hidden="true" />
        </Button>
      }
    />
  )
}
