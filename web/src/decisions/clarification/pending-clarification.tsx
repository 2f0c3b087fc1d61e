import { ErrorText } from '../../components/error-text.tsx'
import { useSegueClient } from 'segue-client/react'
import { strings } from '../../strings/strings.ts'
import { revealHiddenCharacters } from '../arguments/reveal-hidden-characters.ts'
import styles from '../card/decision-card.module.css'
import { useAnswer } from '../card/use-answer.ts'
import { useKeptFocus } from '../card/use-kept-focus.ts'
import type { ClarificationFormProps } from './clarification-form-props.ts'
import { ClarificationForm } from './clarification-form.tsx'
import { ClarificationText } from './clarification-text.tsx'

/** A question, and the ways to answer it: a suggestion, a text, or a form. */
export function PendingClarification({ card, clarification }: Pick<ClarificationFormProps, 'card' | 'clarification'>) {
  const { id, question, form } = clarification
  const client = useSegueClient()
  const { isSending, error, send } = useAnswer(id, card)
  useKeptFocus(card)
  const props: ClarificationFormProps = {
    card,
    clarification,
    isSending,
    onAnswer: (answer) => void send(() => client.answerClarification(id, answer)),
  }
  return (
    <>
      <p className={styles.question}>{revealHiddenCharacters(question)}</p>
      {/^https?:\/\//m.test(question) && <p className={styles.meaning}>{strings.decisions.openLink}</p>}
      <ErrorText className={styles.error}>{error}</ErrorText>
      {form ? <ClarificationForm {...props} form={form} /> : <ClarificationText {...props} />}
    </>
  )
}
