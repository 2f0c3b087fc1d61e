import { Combobox } from '@base-ui/react/combobox'
import { Check } from 'lucide-react'
import type { OnDemandPopupProps } from '../../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../../strings/strings.ts'
import { findComposer } from '../../../../shortcuts/focus-composer.ts'
import { describeModel } from './describe-model.ts'
import styles from './model-list.module.css'
import type { ChatModel } from './use-models.ts'

interface ModelListProps extends OnDemandPopupProps {
  readonly models: readonly ChatModel[]
  /** The name of the one that is chosen. Null: the default one. */
  readonly model: string | null
  /** Is called with the name, or with an empty text for the default one. */
  readonly onChoose: (model: string) => void
}

interface ModelChoice {
  /** The name; an empty text for the default one. */
  readonly value: string
  readonly label: string
  readonly details: string
}

/** The models of a profile, to be found by any part of their names. */
export default function ModelList({ trigger, models, model, onChoose }: ModelListProps) {
  const choices = models.map(toChoice)
  const byDefault = models.find(({ isDefault }) => isDefault)
  const items = byDefault ? [toDefaultChoice(byDefault), ...choices] : choices
  const chosen = items.find(({ value }) => value === (model ?? '')) ?? null
  return (
    <Combobox.Root
      items={items}
      value={chosen}
      defaultOpen
      autoHighlight
      isItemEqualToValue={(a: ModelChoice, b: ModelChoice) => a.value === b.value}
      onValueChange={(choice: ModelChoice | null) => choice && onChoose(choice.value)}
    >
      <Combobox.Trigger render={trigger} />
      <Combobox.Portal>
        <Combobox.Positioner className={styles.positioner} align="start" side="top" sideOffset={6}>
          <Combobox.Popup className={styles.popup} aria-label={strings.settings.models} finalFocus={findComposer}>
            <Combobox.Input className={styles.search} placeholder={strings.settings.findModel} />
            <Combobox.Empty className={styles.empty}>{strings.settings.noModel}</Combobox.Empty>
            <Combobox.List className={styles.list}>
              {({ value, label, details }: ModelChoice) => (
                <Combobox.Item key={value} value={items.find((item) => item.value === value)} className={styles.item}>
                  <span className={styles.check}>
                    <Combobox.ItemIndicator>
                      <Check />
                    </Combobox.ItemIndicator>
                  </span>
                  <span className={styles.texts}>
                    <span className={styles.name}>{label}</span>
                    <span className={styles.details}>{details}</span>
                  </span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  )
}

function toChoice(model: ChatModel): ModelChoice {
  return { value: model.qualifiedName, label: model.qualifiedName, details: describeModel(model) }
}

function toDefaultChoice({ qualifiedName }: ChatModel): ModelChoice {
  return { value: '', label: strings.settings.defaultModel, details: qualifiedName }
}
