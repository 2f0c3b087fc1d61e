import { type FormEvent, type KeyboardEvent } from 'react'
import { Button } from '../../components/buttons/button.tsx'
import { strings } from '../../strings/strings.ts'
import styles from '../card/decision-card.module.css'
import { useDecisionDraft } from '../draft/use-decision-draft.ts'
import fieldStyles from '../form/fields.module.css'
import { ShortcutKey } from '../shortcuts/shortcut-key.tsx'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import type { ClarificationFormProps } from './clarification-form-props.ts'

const maxKeys = 9

/** Answers a question by a suggestion or by a text of one's own. */
export function ClarificationText({ card, clarification, isSending, onAnswer }: ClarificationFormProps) {
  const { id, choices } = clarification
  const [draft, change] = useDecisionDraft(id)
  const text = draft['answer'] ?? ''
  const send = (): void => {
    if (text.trim() !== '') onAnswer({ answer: text })
  }
  const keys = choices.slice(0, maxKeys).map((choice, index) => [String(index + 1), () => onAnswer({ answer: choice })])
  useShortcuts(card, { ...Object.fromEntries(keys), d: () => onAnswer({ decline: true }) }, !isSending)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault()
    send()
  }
  return (
    <>
      {choices.length > 0 && (
        <ul className={styles.choices} aria-label={strings.decisions.choices}>
          {choices.map((choice, index) => (
            <li key={choice}>
              <Button
                className={styles.choice}
                disabled={isSending}
                aria-keyshortcuts={index < maxKeys ? String(index + 1) : undefined}
                onClick={() => onAnswer({ answer: choice })}
              >
                {index < maxKeys && <ShortcutKey>{String(index + 1)}</ShortcutKey>}
                {choice}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <form className={styles.free} onSubmit={onSubmit}>
        <textarea
          className={fieldStyles.control}
          rows={1}
          aria-label={strings.decisions.answer}
          placeholder={choices.length > 0 ? strings.decisions.answerPlaceholder : strings.decisions.answer}
          value={text}
          onChange={(event) => change({ answer: event.target.value })}
          onKeyDown={onKeyDown}
        />
        <Button type="submit" kind="primary" disabled={isSending || text.trim() === ''}>
          {strings.decisions.sendAnswer}
        </Button>
        <DeclineButton isSending={isSending} onDecline={() => onAnswer({ decline: true })} />
      </form>
    </>
  )
}

export function DeclineButton({ isSending, onDecline }: { readonly isSending: boolean; onDecline(): void }) {
  return (
    <Button kind="quiet" disabled={isSending} aria-keyshortcuts="D" onClick={onDecline}>
      {strings.decisions.decline} <ShortcutKey>D</ShortcutKey>
    </Button>
  )
}
