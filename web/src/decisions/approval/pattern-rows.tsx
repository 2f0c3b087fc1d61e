import { strings } from '../../strings/strings.ts'
import { FoldedText } from '../arguments/folded-text.tsx'
import styles from '../card/decision-card.module.css'
import type { ChangeDraft } from '../draft/use-decision-draft.ts'
import fieldStyles from '../form/fields.module.css'
import { patternDraft, type PatternRow } from './pattern-draft.ts'

interface PatternRowsProps {
  readonly rows: readonly PatternRow[]
  readonly isEmpty: boolean
  readonly onChange: ChangeDraft
}

/** Which arguments a pattern names, and what they may be. */
export function PatternRows({ rows, isEmpty, onChange }: PatternRowsProps) {
  const texts = strings.decisions.grant
  return (
    <div className={styles.pattern}>
      {rows.map(({ name, isNamed, isText, text }) => (
        <div key={name} className={styles.patternRow}>
          <label className={fieldStyles.check}>
            <input
              type="checkbox"
              checked={isNamed}
              onChange={(event) => onChange({ [patternDraft.isNamed(name)]: String(event.target.checked) })}
            />
            <span className={fieldStyles.codeLabel}>{name}</span>
          </label>
          {isText ? (
            <textarea
              className={fieldStyles.code}
              rows={1}
              spellCheck={false}
              aria-label={texts.value(name)}
              disabled={!isNamed}
              value={text}
              onChange={(event) => onChange({ [patternDraft.text(name)]: event.target.value })}
            />
          ) : (
            <FoldedText text={text} />
          )}
        </div>
      ))}
      <p className={fieldStyles.hint}>{texts.hint}</p>
      {isEmpty && <p className={fieldStyles.error}>{texts.none}</p>}
    </div>
  )
}
