import type { Clarification } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import { ArgumentList } from '../arguments/argument-list.tsx'
import { parseArgumentsText } from '../arguments/tool-arguments.ts'
import { wasAnsweredElsewhere } from '../card/answered-here.ts'
import styles from '../card/decision-card.module.css'
import { revealHiddenCharacters } from '../arguments/reveal-hidden-characters.ts'

/** A question, and what became of it. */
export function SettledClarification({ clarification }: { readonly clarification: Clarification }) {
  const { id, state, question, answer, declined, form, toolCall } = clarification
  const values = form && answer !== null ? parseArgumentsText(toolCall, answer) : null
  return (
    <>
      <p className={styles.question}>{revealHiddenCharacters(question)}</p>
      <p className={styles.settled}>
        <span className={styles.outcome} data-good={(state === 'ANSWERED' && !declined) || undefined}>
          {describe(clarification)}
        </span>
        {answer !== null && !values && <span className={styles.answer}>{revealHiddenCharacters(answer)}</span>}
        {state === 'ANSWERED' && wasAnsweredElsewhere(id) && (
          <span className={styles.how}>{strings.decisions.settled.elsewhere}</span>
        )}
      </p>
      {values && <ArgumentList values={values} />}
    </>
  )
}

function describe({ state, declined }: Clarification): string {
  const texts = strings.decisions.settled
  if (state === 'EXPIRED') return texts.questionExpired
  if (state === 'CANCELLED') return texts.CANCELLED
  return declined ? texts.declined : texts.answered
}
